package main

import (
	"context"
	"time"

	"k8s.io/client-go/tools/cache"
)

// Shortest time between two rounds of events.
const pause = 2 * time.Second

// A batch hands events on at once, but no more than once in a pause: each round makes the controller write all rules anew, and while a
// platform starts there are several events a second on each node.
type batch struct {
	events chan func()
}

func newBatch() *batch {
	return &batch{events: make(chan func(), 1000)}
}

func (b *batch) handOn(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case event := <-b.events:
			event()
		}
		for handed := false; !handed; {
			select {
			case event := <-b.events:
				event()
			default:
				handed = true
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// to hands the events of an informer on to a handler.
func (b *batch) to(handler cache.ResourceEventHandler) cache.ResourceEventHandler {
	return cache.ResourceEventHandlerDetailedFuncs{
		AddFunc:    func(object any, initial bool) { b.events <- func() { handler.OnAdd(object, initial) } },
		UpdateFunc: func(before, after any) { b.events <- func() { handler.OnUpdate(before, after) } },
		DeleteFunc: func(object any) { b.events <- func() { handler.OnDelete(object) } },
	}
}
