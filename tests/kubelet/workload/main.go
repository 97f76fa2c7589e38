// Command workload is all that is in the images of these tests: it runs until it is told to stop,
// unless it is told to fail (`fail`), and holds as much memory as it is told to (`take MEBIBYTES`).
package main

import (
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"
)

const page = 4096

func main() {
	switch arguments := os.Args[1:]; {
	case len(arguments) == 1 && arguments[0] == "fail":
		fmt.Fprintln(os.Stderr, "fatal: the workload was told to fail")
		os.Exit(3)
	case len(arguments) == 2 && arguments[0] == "take":
		mebibytes, _ := strconv.Atoi(arguments[1])
		wait(take(mebibytes))
	default:
		wait(nil)
	}
}

// take holds that much memory; what is not written to is not taken.
func take(mebibytes int) []byte {
	taken := make([]byte, mebibytes<<20)
	for at := 0; at < len(taken); at += page {
		taken[at] = 1
	}
	return taken
}

func wait(held []byte) {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM)
	<-stop
	runtime.KeepAlive(held)
}
