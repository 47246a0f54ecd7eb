import { type Source } from './model';

/** Documents that facts come from, besides the descriptions of systems in MLPerf. */
export const SOURCES = {
  driver: {
    title: "NVIDIA's Linux driver 595.45.04, list of supported GPUs",
    url: 'https://github.com/NVIDIA/open-gpu-kernel-modules/blob/595.45.04/README.md',
  },
  compute: { title: 'CUDA GPU Compute Capability', url: 'https://developer.nvidia.com/cuda-gpus' },
  computeLegacy: {
    title: 'Legacy CUDA GPU Compute Capability',
    url: 'https://developer.nvidia.com/cuda-legacy-gpus',
  },
  mig: {
    title: "NVIDIA MIG Partition Editor, the MIG manager's default configurations",
    url: 'https://github.com/NVIDIA/mig-parted/blob/main/deployments/systemd/config-default.yaml',
  },
  sharing: {
    title: 'NVIDIA device plugin, shared access to GPUs',
    url: 'https://github.com/NVIDIA/k8s-device-plugin/blob/main/README.md#shared-access-to-gpus',
  },
  discovery: {
    title: 'NVIDIA GPU Feature Discovery, families by compute capability',
    url: 'https://github.com/NVIDIA/k8s-device-plugin/blob/main/internal/lm/resource.go',
  },
  tegra: {
    title: 'NVIDIA device plugin, integrated GPUs of Tegra systems',
    url: 'https://github.com/NVIDIA/k8s-device-plugin/blob/main/internal/rm/tegra_devices.go',
  },
  ampere: {
    title: 'NVIDIA Ampere GPU Architecture Tuning Guide, third generation NVLink',
    url: 'https://docs.nvidia.com/cuda/ampere-tuning-guide/contents.html',
  },
  simulatedA100: {
    title: "NVIDIA's simulated NVML, profile of a DGX A100",
    url: 'https://github.com/NVIDIA/k8s-test-infra/blob/main/deployments/nvml-mock/helm/nvml-mock/profiles/a100.yaml',
  },
  simulatedA30: {
    title: "NVIDIA's simulated NVML, A30",
    url: 'https://github.com/NVIDIA/go-nvml/blob/main/pkg/nvml/mock/gpus/a30.go',
  },
  simulatedT4: {
    title: "NVIDIA's simulated NVML, profile of a T4",
    url: 'https://github.com/NVIDIA/k8s-test-infra/blob/main/deployments/nvml-mock/helm/nvml-mock/profiles/t4.yaml',
  },
  h100Nvl: {
    title: 'nvidia-smi on an H100 NVL, in an issue of NVIDIA',
    url: 'https://github.com/NVIDIA/gpu-admin-tools/issues/4',
  },
  a40: { title: 'Hugging Face, hardware: A40', url: 'https://huggingface.co/hardware/a40' },
  a10: {
    title: 'Default power limit of an A10, in an issue of detect-gpu',
    url: 'https://github.com/mayooot/detect-gpu/issues/3',
  },
  l4: {
    title: "nvidia-smi on an L4, in Docker's documentation",
    url: 'https://github.com/docker/docs/blob/c2a0744c5f9215b925d32c5eb4887af750a62787/content/manuals/cloud/quickstart.md',
  },
  t4: {
    title: "nvidia-smi on a T4, in NVIDIA's documentation",
    url: 'https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/sample-workload.html',
  },
  rtx3090: {
    title: 'Memory and power limits of two RTX 3090, in an issue of club-3090',
    url: 'https://github.com/noonghunna/club-3090/issues/642',
  },
  workstationCards: {
    title: 'Memory and power of NVIDIA cards, a data set',
    url: 'https://huggingface.co/datasets/ohdoking/gpu_spec/blob/main/data/nvidia_gpu.csv',
  },
  v100Sxm16Name: {
    title: 'NVIDIA container runtime, issue with the log of nvidia-smi on a V100-SXM2-16GB',
    url: 'https://github.com/NVIDIA/nvidia-docker/issues/914',
  },
  v100Sxm32: {
    title: 'NVIDIA container runtime, issue with the log of nvidia-smi on V100-SXM2-32GB',
    url: 'https://github.com/NVIDIA/nvidia-docker/issues/1076',
  },
  v100Pcie16Name: {
    title: 'NVIDIA container runtime, issue with the log of nvidia-smi on a V100-PCIE-16GB',
    url: 'https://github.com/NVIDIA/nvidia-docker/issues/1285',
  },
  v100Pcie16: {
    title: 'Hardware of Quattor, tesla_v100-pcie-16gb',
    url: 'https://github.com/quattor/template-library-standard/blob/HEAD/hardware/card/gpu/nvidia/tesla_v100-pcie-16gb.pan',
  },
  orin: {
    title: 'CUDA device query of a Jetson Orin',
    url: 'https://gist.github.com/atinfinity/8cede915acda05d0ff427c09604735dd',
  },
  xavier: {
    title: 'CUDA device query of a Jetson Xavier',
    url: 'https://gist.github.com/r7vme/7276929c7ddcce41eb0872d389634e4d',
  },
  rocm: {
    title: 'ROCm, accelerator and GPU hardware specifications',
    url: 'https://github.com/ROCm/ROCm/blob/develop/docs/reference/gpu-arch-specs.rst',
  },
  amdLabels: {
    title: "AMD's device plugin, example of the labels of a node",
    url: 'https://github.com/ROCm/k8s-device-plugin/blob/master/docs/user-guide/installation.md',
  },
  mi300x: {
    title: "Tom's Hardware, AMD MI300X rated for 750 watts",
    url: 'https://inkl.com/news/amd-mi300x-guzzles-power-rated-for-750-watts',
  },
  dgxA100: {
    title: 'NVIDIA DGX A100 System User Guide DU-09821-001 v01, hardware overview, as text',
    url: 'https://github.com/opendatalab/OHR-Bench/blob/main/data/retrieval_base/gt/manual/dgx_a100.json',
  },
  dgxA100Price: { title: 'Wikipedia, Nvidia DGX, a copy', url: 'http://w.owiki.org/wiki/Nvidia_DGX' },
  epyc7742: {
    title: 'HotHardware, on the 64 cores and 128 threads of the EPYC 7742',
    url: 'https://amp.hothardware.com/news/amd-zen-3-epyc-7003-intel-ice-lake-sp-xeon-spec-showdown',
  },
  basePod: {
    title: 'NVIDIA DGX BasePOD reference architecture, core components',
    url: 'https://docs.nvidia.com/dgx-basepod/reference-architecture-infrastructure-foundation-enterprise-ai/latest/core-components.html',
  },
  aiPod: {
    title: 'NetApp AIPod with NVIDIA DGX systems, hardware components',
    url: 'https://github.com/NetAppDocs/netapp-solutions/blob/main/ai/aipod_nv_hw_components.adoc',
  },
  dgxH200Power: {
    title: "Unanswered, power consumption of NVIDIA DGX, after the DGX H100/H200's user guide",
    url: 'https://unanswered.io/guide/nvidia-dgx-power-consumption-watts',
  },
  dgxB200: {
    title: 'NVIDIA DGX B200 System User Guide, hardware overview',
    url: 'https://docs.nvidia.com/dgx/dgxb200-user-guide/introduction-to-dgxb200.html',
  },
  xeon5: {
    title: 'Cores and threads of the fifth generation of Xeon (Emerald Rapids)',
    url: 'https://blog.patti.tech/?p=20720',
  },
  mi250Server: {
    title: "GDlog, README of its HIP version, on a Supermicro AS-4124GQ-TNMI of Argonne's laboratory",
    url: 'https://github.com/harp-lab/gdlog',
  },
  orinPower: {
    title: "NVIDIA's forum, maximum power of the Jetson AGX Orin modules by their data sheet",
    url: 'https://forums.developer.nvidia.com/t/maximum-power-consumption-bounds-for-orin-agx/323456',
  },
  orin32: { title: 'Apache TVM, tags of the Jetson AGX Orin', url: 'https://github.com/apache/tvm/pull/16231' },
  orinNx: {
    title: 'VINSight, knowledge base: Jetson Orin NX',
    url: 'https://github.com/team-vinsight/knowledge-base/blob/main/docs/hardware/jetson-orin-nx.md',
  },
  xavierNx: {
    title: 'NVIDIA Jetson Xavier NX data sheet DA-09366-001 (preliminary)',
    url: 'https://documents.pub/document/data-sheet-preliminary-nvidia-jetson-xavier-nx-jetson-xavier-nx-integrates.html',
  },
  xavierNx16: {
    title: 'Hugging Face, hardware: Jetson Xavier NX',
    url: 'https://huggingface.co/hardware/jetson-xavier-nx',
  },
  xavierNxPower: {
    title: 'Savant, measured on a Jetson Xavier NX in its mode of 20 W',
    url: 'https://github.com/insight-platform/Savant/blob/develop/docs/performance.md',
  },
  xavierNxCores: {
    title: 'Power modes of the Jetson Xavier NX',
    url: 'https://github.com/borongyuan/XavierNXOverclock',
  },
  coral: { title: 'Coral, products', url: 'https://coral.ai/products' },
  coralBoard: { title: 'Coral Dev Board, its features', url: 'https://cnblogs.com/siahekai/p/11000783.html' },
  coralMini: {
    title: 'CircuitPython, Google Coral Dev Board Mini',
    url: 'https://github.com/adafruit/circuitpython-org/blob/main/_blinka/google_coral_mini.md',
  },
  nuc: { title: "r/htpc's wiki, table of NUCs", url: 'https://github.com/r-htpc/wiki/blob/HEAD/wiki/nuc.md' },
} as const satisfies Readonly<Record<string, Source>>;
