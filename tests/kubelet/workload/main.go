// Command workload is all that is in the images of these tests: it runs until it is told to stop, or fails on request.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

const page = 4096

func main() {
	switch argument() {
	case "fail":
		fmt.Fprintln(os.Stderr, "panic: dial tcp 10.96.0.17:3306: connect: connection refused")
		os.Exit(3)
	case "eat":
		eat()
	default:
		wait()
	}
}

func argument() string {
	if len(os.Args) < 2 {
		return ""
	}
	return os.Args[1]
}

func wait() {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM)
	<-stop
}

// eat takes memory until the kernel ends it; what is not written to is not taken.
func eat() {
	var kept [][]byte
	for {
		chunk := make([]byte, 16<<20)
		for at := 0; at < len(chunk); at += page {
			chunk[at] = 1
		}
		kept = append(kept, chunk)
	}
}
