import { type Source } from './model';

/** Documents that many facts come from. */
export const SOURCES = {
  driver: {
    title: "NVIDIA's Linux driver, list of supported GPUs",
    url: 'https://github.com/NVIDIA/open-gpu-kernel-modules/blob/main/README.md',
  },
  driverAppendix: {
    title: "NVIDIA's Linux driver, appendix A: supported NVIDIA GPU products",
    url: 'https://download.nvidia.com/XFree86/Linux-x86_64/580.95.05/README/supportedchips.html',
  },
  compute: { title: 'CUDA GPU Compute Capability', url: 'https://developer.nvidia.com/cuda-gpus' },
  mig: {
    title: 'NVIDIA Multi-Instance GPU User Guide, supported GPUs and profiles',
    url: 'https://docs.nvidia.com/datacenter/tesla/mig-user-guide/supported-mig-profiles.html',
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
  a100: { title: 'NVIDIA A100 datasheet', url: 'https://www.nvidia.com/en-us/data-center/a100/' },
  a100Pcie40: {
    title: 'NVIDIA A100 40GB PCIe product brief PB-10137-001',
    url: 'https://www.nvidia.com/content/dam/en-zz/Solutions/Data-Center/a100/pdf/A100-PCIE-Prduct-Brief.pdf',
  },
  a30: { title: 'NVIDIA A30 datasheet', url: 'https://www.nvidia.com/en-us/data-center/products/a30-gpu/' },
  a40: { title: 'NVIDIA A40 datasheet', url: 'https://www.nvidia.com/en-us/data-center/a40/' },
  a10: { title: 'NVIDIA A10 datasheet', url: 'https://www.nvidia.com/en-us/data-center/products/a10-gpu/' },
  h100: { title: 'NVIDIA H100 datasheet', url: 'https://www.nvidia.com/en-us/data-center/h100/' },
  h200: { title: 'NVIDIA H200 datasheet', url: 'https://www.nvidia.com/en-us/data-center/h200/' },
  b200: { title: 'NVIDIA DGX B200 datasheet', url: 'https://www.nvidia.com/en-us/data-center/dgx-b200/' },
  l4: { title: 'NVIDIA L4 datasheet', url: 'https://www.nvidia.com/en-us/data-center/l4/' },
  l40s: { title: 'NVIDIA L40S datasheet', url: 'https://www.nvidia.com/en-us/data-center/l40s/' },
  t4: { title: 'NVIDIA T4 datasheet', url: 'https://www.nvidia.com/en-us/data-center/tesla-t4/' },
  v100: { title: 'NVIDIA V100 datasheet', url: 'https://www.nvidia.com/en-us/data-center/v100/' },
  a6000: { title: 'NVIDIA RTX A6000 datasheet', url: 'https://www.nvidia.com/en-us/design-visualization/rtx-a6000/' },
  rtx4090: {
    title: 'NVIDIA GeForce RTX 4090 specifications',
    url: 'https://www.nvidia.com/en-us/geforce/graphics-cards/40-series/rtx-4090/',
  },
  rtx3090: {
    title: 'NVIDIA GeForce RTX 3090 specifications',
    url: 'https://www.nvidia.com/en-us/geforce/graphics-cards/30-series/rtx-3090-3090ti/',
  },
  jetson: {
    title: 'NVIDIA Jetson modules, technical specifications',
    url: 'https://developer.nvidia.com/embedded/jetson-modules',
  },
  mi300x: {
    title: 'AMD Instinct MI300X data sheet',
    url: 'https://www.amd.com/en/products/accelerators/instinct/mi300/mi300x.html',
  },
  mi250: {
    title: 'AMD Instinct MI250 data sheet',
    url: 'https://www.amd.com/en/products/accelerators/instinct/mi200/mi250.html',
  },
  amdLabels: {
    title: "AMD's node labeller, example of the labels of a node",
    url: 'https://github.com/ROCm/k8s-device-plugin/tree/master/cmd/k8s-node-labeller',
  },
  amdIds: {
    title: "AMD's list of product names by device",
    url: 'https://github.com/ROCm/k8s-device-plugin/blob/master/cmd/k8s-node-labeller/amdgpu.ids',
  },
  dgxA100: {
    title: 'NVIDIA DGX A100 System User Guide DU-09821-001, hardware overview',
    url: 'https://docs.nvidia.com/dgx/dgxa100-user-guide/introduction-to-dgxa100.html',
  },
  dgxA100Price: {
    title: 'NVIDIA press release, DGX A100, 14 May 2020',
    url: 'https://nvidianews.nvidia.com/news/nvidia-ships-worlds-most-advanced-ai-system-nvidia-dgx-a100-to-fight-covid-19-third-generation-dgx-packs-record-5-petaflops-of-ai-performance',
  },
  dgxH100: {
    title: 'NVIDIA DGX H100/H200 System User Guide, hardware overview',
    url: 'https://docs.nvidia.com/dgx/dgxh100-user-guide/introduction-to-dgxh100.html',
  },
  dgxB200: {
    title: 'NVIDIA DGX B200 System User Guide, hardware overview',
    url: 'https://docs.nvidia.com/dgx/dgxb200-user-guide/introduction-to-dgxb200.html',
  },
  xe9680: {
    title: 'Dell PowerEdge XE9680 specification sheet',
    url: 'https://www.delltechnologies.com/asset/en-us/products/servers/technical-support/poweredge-xe9680-spec-sheet.pdf',
  },
  xe8545: {
    title: 'Dell PowerEdge XE8545 specification sheet',
    url: 'https://www.delltechnologies.com/asset/en-us/products/servers/technical-support/dell-emc-poweredge-xe8545-spec-sheet.pdf',
  },
  r750xa: {
    title: 'Dell PowerEdge R750xa specification sheet',
    url: 'https://www.delltechnologies.com/asset/en-us/products/servers/technical-support/dell-emc-poweredge-r750xa-spec-sheet.pdf',
  },
  smc4124: {
    title: 'Supermicro AS-4124GO-NART',
    url: 'https://www.supermicro.com/en/Aplus/system/4U/4124/AS-4124GO-NART.cfm',
  },
  smc821: {
    title: 'Supermicro SYS-821GE-TNHR',
    url: 'https://www.supermicro.com/en/products/system/gpu/8u/sys-821ge-tnhr',
  },
  smc8125: {
    title: 'Supermicro AS-8125GS-TNHR',
    url: 'https://www.supermicro.com/en/products/system/gpu/8u/as-8125gs-tnhr',
  },
  smc8125amd: {
    title: 'Supermicro AS-8125GS-TNMR2',
    url: 'https://www.supermicro.com/en/products/system/gpu/8u/as-8125gs-tnmr2',
  },
  smc4124amd: {
    title: 'Supermicro AS-4124GQ-TNMI',
    url: 'https://www.supermicro.com/en/Aplus/system/4U/4124/AS-4124GQ-TNMI.cfm',
  },
  coralBoard: { title: 'Coral Dev Board datasheet', url: 'https://coral.ai/docs/dev-board/datasheet/' },
  coralMini: { title: 'Coral Dev Board Mini datasheet', url: 'https://coral.ai/docs/dev-board-mini/datasheet/' },
} as const satisfies Readonly<Record<string, Source>>;
