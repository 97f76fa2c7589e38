// Command controlplane is a Kubernetes control plane for tests in one binary.
//
// What it is depends on the name it is called by (a symlink beside it) or, when it is called by any other name, on
// its first argument: etcd, kube-apiserver, kube-scheduler, kube-controller-manager or kubectl. One binary instead
// of five, because the five share nine tenths of their code: it is linked once and takes the disk space of one.
package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
	_ "time/tzdata" // for the time zones of CronJobs, on machines that have no zone files

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	_ "k8s.io/client-go/plugin/pkg/client/auth"
	"k8s.io/component-base/cli"
	"k8s.io/component-base/logs"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	"k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/util"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

// components are the programs that this binary can be. Each builds its command only when it runs: the constructors
// register flags and feature gates in state that a process has only once.
var components = map[string]func(){
	"etcd":                    func() { leash(); etcdmain.Main(os.Args) },
	"kube-apiserver":          func() { serve(apiserver.NewAPIServerCommand()) },
	"kube-controller-manager": func() { serve(controllermanager.NewControllerManagerCommand()) },
	"kube-scheduler":          func() { serve(scheduler.NewSchedulerCommand()) },
	"kubectl":                 kubectl,
}

func main() {
	run, found := components[filepath.Base(os.Args[0])]
	if !found && len(os.Args) > 1 {
		os.Args = os.Args[1:]
		run, found = components[os.Args[0]]
	}
	if !found {
		fmt.Fprintf(os.Stderr, "usage: controlplane %s [ARGUMENTS]\n", strings.Join(names(), "|"))
		os.Exit(2)
	}
	run()
}

func names() []string {
	all := make([]string, 0, len(components))
	for name := range components {
		all = append(all, name)
	}
	sort.Strings(all)
	return all
}

func serve(command *cobra.Command) {
	leash()
	os.Exit(cli.Run(command))
}

// leash ends this process when the one that started it is gone, however that ended: it holds the other end of
// standard input. A test run that is killed would leave a control plane behind otherwise.
func leash() {
	if os.Getenv("KFINSTALL_TEST_LEASH") == "" {
		return
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(1)
	}()
}

// kubectl reads the verbosity first: its command is built with plugins and .kuberc, which log before flags are parsed.
func kubectl() {
	logs.GlogSetter(cmd.GetLogVerbosity(os.Args)) //nolint:errcheck // kubectl's own main ignores it as well
	if err := cli.RunNoErrOutput(cmd.NewDefaultKubectlCommand()); err != nil {
		util.CheckErr(err)
	}
}
