package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	machine "github.com/google/cadvisor/info/v1"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/apiserver/pkg/server"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	cliflag "k8s.io/component-base/cli/flag"
	"k8s.io/component-base/logs"
	logsapi "k8s.io/component-base/logs/api/v1"
	"k8s.io/component-base/version/verflag"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/cmd/kubelet/app"
	"k8s.io/kubernetes/cmd/kubelet/app/options"
	"k8s.io/kubernetes/pkg/kubelet/apis/config"
	"k8s.io/kubernetes/pkg/kubelet/apis/config/validation"
	"k8s.io/kubernetes/pkg/kubelet/cadvisor"
	"k8s.io/kubernetes/pkg/kubelet/cm"
	"k8s.io/kubernetes/pkg/kubelet/kubeletconfig/configfiles"
	utilfs "k8s.io/kubernetes/pkg/util/filesystem"
)

// The kubelet, with the number of CPUs and the memory that BENCH_CPUS and BENCH_MEMORY_GIB say: those of the node that
// it stands for, and not of the machine that it runs on. Settings come from --config, and flags override them.
func newKubeletCommand(ctx context.Context) *cobra.Command {
	return &cobra.Command{
		Use:                "kubelet",
		DisableFlagParsing: true,
		SilenceUsage:       true,
		RunE: func(_ *cobra.Command, args []string) error {
			settings, err := kubeletSettings(ctx, args)
			if err != nil {
				return err
			}
			logs.InitLogs()
			if err := logsapi.ValidateAndApply(&settings.Logging, utilfeature.DefaultFeatureGate); err != nil {
				return fmt.Errorf("logging: %w", err)
			}
			dependencies, err := app.UnsecuredDependencies(ctx, settings, utilfeature.DefaultFeatureGate)
			if err != nil {
				return err
			}
			if dependencies.CAdvisorInterface, err = newAdvisor(ctx, settings); err != nil {
				return err
			}
			utilfeature.DefaultMutableFeatureGate.AddMetrics()
			return app.Run(server.SetupSignalContext(), settings, dependencies, utilfeature.DefaultFeatureGate)
		},
	}
}

func kubeletSettings(ctx context.Context, args []string) (*options.KubeletServer, error) {
	flags := options.NewKubeletFlags()
	settings, err := options.NewKubeletConfiguration()
	if err != nil {
		return nil, err
	}
	if err := parseKubeletFlags(args, flags, settings); err != nil {
		return nil, err
	}
	verflag.PrintAndExitIfRequested()
	if flags.KubeletConfigFile != "" {
		path, err := filepath.Abs(flags.KubeletConfigFile)
		if err != nil {
			return nil, err
		}
		loader, err := configfiles.NewFsLoader(&utilfs.DefaultFs{}, path)
		if err != nil {
			return nil, err
		}
		if settings, err = loader.Load(ctx); err != nil {
			return nil, err
		}
		if err := parseKubeletFlags(args, options.NewKubeletFlags(), settings); err != nil {
			return nil, err
		}
	}
	if err := options.ValidateKubeletFlags(flags); err != nil {
		return nil, err
	}
	if err := utilfeature.DefaultMutableFeatureGate.SetFromMap(settings.FeatureGates); err != nil {
		return nil, err
	}
	if err := validation.ValidateKubeletConfiguration(settings, utilfeature.DefaultFeatureGate); err != nil {
		return nil, err
	}
	return &options.KubeletServer{KubeletFlags: *flags, KubeletConfiguration: *settings}, nil
}

func parseKubeletFlags(args []string, flags *options.KubeletFlags, settings *config.KubeletConfiguration) error {
	set := pflag.NewFlagSet("kubelet", pflag.ContinueOnError)
	set.SetNormalizeFunc(cliflag.WordSepNormalizeFunc)
	flags.AddFlags(set)
	options.AddKubeletConfigFlags(set, settings)
	options.AddGlobalFlags(set)
	if err := set.Parse(args); err != nil {
		return err
	}
	if set.NArg() > 0 {
		return fmt.Errorf("unknown command %s", set.Arg(0))
	}
	return nil
}

// What the kubelet's advisor says, but for the size of the machine.
type advisor struct {
	cadvisor.Interface
	cpus   int
	memory uint64
}

func newAdvisor(ctx context.Context, settings *options.KubeletServer) (*advisor, error) {
	cpus, err := fromEnvironment("BENCH_CPUS")
	if err != nil {
		return nil, err
	}
	gibibytes, err := fromEnvironment("BENCH_MEMORY_GIB")
	if err != nil {
		return nil, err
	}
	real, err := cadvisor.New(
		klog.FromContext(ctx),
		cadvisor.NewImageFsInfoProvider(settings.ContainerRuntimeEndpoint),
		settings.RootDirectory,
		[]string{cm.NodeAllocatableRoot(settings.CgroupRoot, settings.CgroupsPerQOS, settings.CgroupDriver)},
		cadvisor.UsingLegacyCadvisorStats(settings.ContainerRuntimeEndpoint),
		settings.LocalStorageCapacityIsolation,
	)
	if err != nil {
		return nil, err
	}
	return &advisor{Interface: real, cpus: cpus, memory: uint64(gibibytes) << 30}, nil
}

func (a *advisor) MachineInfo() (*machine.MachineInfo, error) {
	info, err := a.Interface.MachineInfo()
	if err != nil {
		return nil, err
	}
	said := info.Clone()
	if a.cpus > 0 {
		said.NumCores = a.cpus
	}
	if a.memory > 0 {
		said.MemoryCapacity = a.memory
	}
	return said, nil
}

func fromEnvironment(name string) (int, error) {
	text := os.Getenv(name)
	if text == "" {
		return 0, nil
	}
	value, err := strconv.Atoi(text)
	if err != nil || value < 1 {
		return 0, fmt.Errorf("%s must be a positive whole number, got %q", name, text)
	}
	return value, nil
}
