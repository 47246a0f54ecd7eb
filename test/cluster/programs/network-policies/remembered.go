package main

import (
	"strings"
	"time"

	"github.com/cloudnativelabs/kube-router/v2/pkg/utils"
)

// How long an answer of iptables holds. Whatever else changes these chains meanwhile is put right afterwards.
const holds = 5 * time.Minute

// remembered asks iptables once in a while for what is in place, where the controller asks at each of its rounds, by twenty programs that are
// started for it: nobody but the controller changes these rules.
type remembered struct {
	utils.IPTablesHandler
	until time.Time
	there map[string]bool
	lists map[string][]string
}

func remember(handler utils.IPTablesHandler) *remembered {
	r := &remembered{IPTablesHandler: handler}
	r.forget()
	return r
}

func (r *remembered) forget() {
	r.until = time.Now().Add(holds)
	r.there = map[string]bool{}
	r.lists = map[string][]string{}
}

// What is there stays there; what isn't is asked for again.
func (r *remembered) once(question string, ask func() (bool, error)) (bool, error) {
	if time.Now().After(r.until) {
		r.forget()
	}
	if r.there[question] {
		return true, nil
	}
	there, err := ask()
	r.there[question] = there && err == nil
	return there, err
}

func (r *remembered) ChainExists(table, chain string) (bool, error) {
	return r.once(key("chain", table, chain), func() (bool, error) { return r.IPTablesHandler.ChainExists(table, chain) })
}

func (r *remembered) Exists(table, chain string, rule ...string) (bool, error) {
	return r.once(key(append([]string{"rule", table, chain}, rule...)...), func() (bool, error) {
		return r.IPTablesHandler.Exists(table, chain, rule...)
	})
}

func (r *remembered) AppendUnique(table, chain string, rule ...string) error {
	_, err := r.once(key(append([]string{"rule", table, chain}, rule...)...), func() (bool, error) {
		err := r.IPTablesHandler.AppendUnique(table, chain, rule...)
		return err == nil, err
	})
	return err
}

func (r *remembered) List(table, chain string) ([]string, error) {
	if list, known := r.lists[key(table, chain)]; known && time.Now().Before(r.until) {
		return list, nil
	}
	list, err := r.IPTablesHandler.List(table, chain)
	if err == nil {
		r.lists[key(table, chain)] = list
	}
	return list, err
}

func (r *remembered) Insert(table, chain string, position int, rule ...string) error {
	defer r.forget()
	return r.IPTablesHandler.Insert(table, chain, position, rule...)
}

func (r *remembered) Delete(table, chain string, rule ...string) error {
	defer r.forget()
	return r.IPTablesHandler.Delete(table, chain, rule...)
}

func (r *remembered) NewChain(table, chain string) error {
	defer r.forget()
	return r.IPTablesHandler.NewChain(table, chain)
}

func key(parts ...string) string {
	return strings.Join(parts, "\x00")
}
