// kube-router with its controller for NetworkPolicies alone: its flags, and nothing of its routing and its proxy.
package main

import (
	"context"
	"log"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/cloudnativelabs/kube-router/v2/pkg/controllers/netpol"
	"github.com/cloudnativelabs/kube-router/v2/pkg/healthcheck"
	"github.com/cloudnativelabs/kube-router/v2/pkg/options"
	"github.com/spf13/pflag"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	config := options.NewKubeRouterConfig()
	config.AddFlags(pflag.CommandLine)
	pflag.Parse()
	if err := run(ctx, config); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, config *options.KubeRouterConfig) error {
	access, err := clientcmd.BuildConfigFromFlags("", config.Kubeconfig)
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(access)
	if err != nil {
		return err
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	pods := factory.Core().V1().Pods().Informer()
	namespaces := factory.Core().V1().Namespaces().Informer()
	policies := factory.Networking().V1().NetworkPolicies().Informer()
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())

	iptables, ipsets, err := netpol.NewIPTablesHandlers(config)
	if err != nil {
		return err
	}
	for family, handler := range iptables {
		iptables[family] = remember(handler)
	}
	var lock sync.Mutex
	here := localPolicies{policies, pods.GetIndexer(), config.HostnameOverride}
	controller, err := netpol.NewNetworkPolicyController(client, config, pods, here, namespaces, &lock, iptables, ipsets)
	if err != nil {
		return err
	}
	events := newBatch()
	go events.handOn(ctx)
	if _, err := pods.AddEventHandler(addressed(events.to(controller.PodEventHandler))); err != nil {
		return err
	}
	if _, err := namespaces.AddEventHandler(events.to(controller.NamespaceEventHandler)); err != nil {
		return err
	}
	if _, err := policies.AddEventHandler(events.to(controller.NetworkPolicyEventHandler)); err != nil {
		return err
	}
	heartbeats := make(chan *healthcheck.ControllerHeartbeat, 10)
	go func() {
		for range heartbeats {
		}
	}()
	var running sync.WaitGroup
	running.Add(1)
	go controller.Run(heartbeats, ctx.Done(), &running)
	<-ctx.Done()
	time.AfterFunc(5*time.Second, func() { log.Fatal("not stopped in 5 s") })
	running.Wait()
	return nil
}
