// First process of a pid namespace: sleeps, reaps processes that nobody else waits for, and goes when it is told to.
// What else runs in the namespace goes with it.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, syscall.SIGCHLD, syscall.SIGTERM, syscall.SIGINT)
	for signal := range signals {
		if signal != syscall.SIGCHLD {
			return
		}
		for {
			if child, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); child <= 0 && err != syscall.EINTR {
				break
			}
		}
	}
}
