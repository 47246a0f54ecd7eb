// The cert-manager controller of the required module version: its controllers on its own context factory, with the
// flags that a deployment uses, leader election, metrics and the health endpoint.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"

	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"

	config "github.com/cert-manager/cert-manager/internal/apis/config/controller"
	configscheme "github.com/cert-manager/cert-manager/internal/apis/config/controller/scheme"
	defaults "github.com/cert-manager/cert-manager/internal/apis/config/controller/v1alpha1"
	"github.com/cert-manager/cert-manager/internal/cmd/util"
	versionedconfig "github.com/cert-manager/cert-manager/pkg/apis/config/controller/v1alpha1"
	"github.com/cert-manager/cert-manager/pkg/controller"
	"github.com/cert-manager/cert-manager/pkg/healthz"
	dnsutil "github.com/cert-manager/cert-manager/pkg/issuer/acme/dns/util"
	logf "github.com/cert-manager/cert-manager/pkg/logs"

	_ "github.com/cert-manager/cert-manager/pkg/issuer/acme"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/ca"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/selfsigned"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/vault"
)

func main() {
	ctx, exit := util.SetupExitHandler(context.Background(), util.GracefulShutdown)
	defer exit()
	logf.InitLogs()
	defer logf.FlushLogs()
	ctx = logf.NewContext(ctx, logf.Log, "controller")
	if err := run(ctx); err != nil {
		logf.Log.Error(err, "controller failed")
		util.SetExitCode(err)
	}
}

func run(ctx context.Context) error {
	settings, err := parse(os.Args[1:])
	if err != nil {
		return err
	}
	factory, err := newFactory(ctx, settings)
	if err != nil {
		return err
	}
	base, err := factory.Build()
	if err != nil {
		return err
	}
	base.Metrics.SetupACMECollector(base.SharedInformerFactory.Acme().V1().Challenges().Lister())
	base.Metrics.SetupCertificateCollector(base.SharedInformerFactory.Certmanager().V1().Certificates().Lister())
	base.Metrics.SetupIssuerCollector(base.SharedInformerFactory.Certmanager().V1().Issuers().Lister())
	base.Metrics.SetupClusterIssuerCollector(base.SharedInformerFactory.Certmanager().V1().ClusterIssuers().Lister())

	metricsSocket, err := net.Listen("tcp", settings.MetricsListenAddress)
	if err != nil {
		return err
	}
	healthSocket, err := net.Listen("tcp", settings.HealthzListenAddress)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	metrics := base.Metrics.NewServer(metricsSocket)
	group.Go(func() error {
		if err := metrics.Serve(metricsSocket); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		return metrics.Close()
	})
	health := healthz.NewServer(settings.LeaderElectionConfig.HealthzTimeout)
	group.Go(func() error { return health.Start(ctx, healthSocket) })

	elected := make(chan struct{})
	group.Go(func() error { return elect(ctx, settings, factory, health, elected) })
	select {
	case <-ctx.Done():
		return group.Wait()
	case <-elected:
	}
	for name, construct := range controller.Known() {
		if !slices.Contains(defaults.DefaultEnabledControllers, name) || slices.Contains(settings.Controllers, "-"+name) {
			continue
		}
		worker, err := construct(factory)
		if err != nil {
			return fmt.Errorf("controller %s: %w", name, err)
		}
		group.Go(func() error { return worker.Run(settings.NumberOfConcurrentWorkers, ctx) })
	}
	base.SharedInformerFactory.Start(ctx.Done())
	base.KubeSharedInformerFactory.Start(ctx.Done())
	base.HTTP01ResourceMetadataInformersFactory.Start(ctx.Done())
	return group.Wait()
}

func parse(args []string) (*config.ControllerConfiguration, error) {
	scheme, _, err := configscheme.NewSchemeAndCodecs()
	if err != nil {
		return nil, err
	}
	versioned, settings := &versionedconfig.ControllerConfiguration{}, &config.ControllerConfiguration{}
	scheme.Default(versioned)
	if err := scheme.Convert(versioned, settings, nil); err != nil {
		return nil, err
	}
	flags := pflag.NewFlagSet("controller", pflag.ContinueOnError)
	flags.StringVar(&settings.ClusterResourceNamespace, "cluster-resource-namespace", settings.ClusterResourceNamespace, "")
	flags.StringVar(&settings.LeaderElectionConfig.Namespace, "leader-election-namespace", settings.LeaderElectionConfig.Namespace, "")
	flags.StringSliceVar(&settings.Controllers, "controllers", settings.Controllers, "* and, with a minus, those to leave out")
	flags.StringVar(&settings.ACMEHTTP01Config.SolverImage, "acme-http01-solver-image", settings.ACMEHTTP01Config.SolverImage, "")
	flags.IntVar(&settings.MaxConcurrentChallenges, "max-concurrent-challenges", settings.MaxConcurrentChallenges, "")
	flags.BoolVar(&settings.EnableCertificateOwnerRef, "enable-certificate-owner-ref", settings.EnableCertificateOwnerRef, "")
	flags.StringSliceVar(&settings.ACMEDNS01Config.RecursiveNameservers, "dns01-recursive-nameservers", settings.ACMEDNS01Config.RecursiveNameservers, "")
	flags.BoolVar(&settings.ACMEDNS01Config.RecursiveNameserversOnly, "dns01-recursive-nameservers-only", settings.ACMEDNS01Config.RecursiveNameserversOnly, "")
	flags.StringVar(&settings.MetricsListenAddress, "metrics-listen-address", settings.MetricsListenAddress, "")
	logf.AddFlags(&settings.Logging, flags)
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	return settings, logf.ValidateAndApply(&settings.Logging)
}

func newFactory(ctx context.Context, settings *config.ControllerConfiguration) (*controller.ContextFactory, error) {
	nameservers := settings.ACMEDNS01Config.RecursiveNameservers
	if len(nameservers) == 0 {
		nameservers = dnsutil.RecursiveNameservers
	}
	solver := settings.ACMEHTTP01Config
	return controller.NewContextFactory(ctx, controller.ContextOptions{
		KubernetesAPIQPS:   settings.KubernetesAPIQPS,
		KubernetesAPIBurst: settings.KubernetesAPIBurst,
		ACMEOptions: controller.ACMEOptions{
			HTTP01SolverResourceRequestCPU:    resource.MustParse(solver.SolverResourceRequestCPU),
			HTTP01SolverResourceRequestMemory: resource.MustParse(solver.SolverResourceRequestMemory),
			HTTP01SolverResourceLimitsCPU:     resource.MustParse(solver.SolverResourceLimitsCPU),
			HTTP01SolverResourceLimitsMemory:  resource.MustParse(solver.SolverResourceLimitsMemory),
			ACMEHTTP01SolverRunAsNonRoot:      solver.SolverRunAsNonRoot,
			HTTP01SolverImage:                 solver.SolverImage,
			DNS01Nameservers:                  nameservers,
			DNS01CheckRetryPeriod:             settings.ACMEDNS01Config.CheckRetryPeriod,
			DNS01CheckAuthoritative:           !settings.ACMEDNS01Config.RecursiveNameserversOnly,
		},
		SchedulerOptions: controller.SchedulerOptions{MaxConcurrentChallenges: settings.MaxConcurrentChallenges},
		IssuerOptions: controller.IssuerOptions{
			ClusterIssuerAmbientCredentials: settings.ClusterIssuerAmbientCredentials,
			IssuerAmbientCredentials:        settings.IssuerAmbientCredentials,
			ClusterResourceNamespace:        settings.ClusterResourceNamespace,
		},
		CertificateOptions: controller.CertificateOptions{
			EnableOwnerRef:                           settings.EnableCertificateOwnerRef,
			CopiedAnnotationPrefixes:                 settings.CopiedAnnotationPrefixes,
			CertificateRequestMinimumBackoffDuration: settings.CertificateRequestMinimumBackoffDuration,
			CertificateRequestMaximumBackoffDuration: settings.CertificateRequestMaximumBackoffDuration,
		},
	})
}

func elect(ctx context.Context, settings *config.ControllerConfiguration, factory *controller.ContextFactory, health *healthz.Server, elected chan struct{}) error {
	electionContext, err := factory.Build("leader-election")
	if err != nil {
		return err
	}
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	election := settings.LeaderElectionConfig
	lock, err := resourcelock.New(resourcelock.LeasesResourceLock, election.Namespace, "cert-manager-controller",
		electionContext.Client.CoreV1(), electionContext.Client.CoordinationV1(),
		resourcelock.ResourceLockConfig{Identity: host, EventRecorder: electionContext.Recorder})
	if err != nil {
		return err
	}
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock: lock, LeaseDuration: election.LeaseDuration, RenewDeadline: election.RenewDeadline, RetryPeriod: election.RetryPeriod,
		ReleaseOnCancel: true, WatchDog: health.LeaderHealthzAdaptor,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(context.Context) { close(elected) },
			OnStoppedLeading: func() {},
		},
	})
	if err != nil {
		return err
	}
	elector.Run(ctx)
	if ctx.Err() == nil {
		return errors.New("leader election lost")
	}
	return nil
}
