// External Secrets with the one thing that its later versions have and our manifests rely on: its webhook, too, says at /healthz that it lives.
package main

import (
	"github.com/external-secrets/external-secrets/cmd/controller"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"
)

func main() {
	ctrl.NewManager = func(config *rest.Config, options manager.Options) (manager.Manager, error) {
		made, err := manager.New(config, options)
		if err != nil {
			return nil, err
		}
		return made, made.AddHealthzCheck("healthz", healthz.Ping)
	}
	controller.Execute()
}
