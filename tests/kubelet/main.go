// Command kubelet is the kubelet of Kubernetes as its own main has it, but for the leash.
package main

import (
	"context"
	"io"
	"os"

	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	"k8s.io/kubernetes/cmd/kubelet/app"
)

func main() {
	leash()
	os.Exit(cli.Run(app.NewKubeletCommand(context.Background())))
}

// leash ends this process when the one that started it is gone, however that ended: it holds the other end of
// standard input.
func leash() {
	if os.Getenv("KFINSTALL_TEST_LEASH") == "" {
		return
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(1)
	}()
}
