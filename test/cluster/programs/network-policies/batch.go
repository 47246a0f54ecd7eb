package main

import (
	"context"
	"sync"
	"time"

	"k8s.io/client-go/tools/cache"
)

// A batch hands events on once a second. Each makes the controller write all rules anew, and while a platform starts there are
// several a second on each node.
type batch struct {
	lock   sync.Mutex
	events []func()
}

func (b *batch) add(event func()) {
	b.lock.Lock()
	defer b.lock.Unlock()
	b.events = append(b.events, event)
}

func (b *batch) handOn(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			b.lock.Lock()
			events := b.events
			b.events = nil
			b.lock.Unlock()
			for _, event := range events {
				event()
			}
		}
	}
}

// to hands the events of an informer on to a handler.
func (b *batch) to(handler cache.ResourceEventHandler) cache.ResourceEventHandler {
	return cache.ResourceEventHandlerDetailedFuncs{
		AddFunc:    func(object any, initial bool) { b.add(func() { handler.OnAdd(object, initial) }) },
		UpdateFunc: func(before, after any) { b.add(func() { handler.OnUpdate(before, after) }) },
		DeleteFunc: func(object any) { b.add(func() { handler.OnDelete(object) }) },
	}
}
