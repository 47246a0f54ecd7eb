import { type Source } from './model';

/**
 * The description of a system that took part in MLPerf, by who submitted its results: the maker of the system or of its GPUs, most often.
 *
 * @param round `training v4.0`
 * @param path of the description in the round's repository, without `.json`
 */
export function mlperf(round: string, path: string): Source {
  const parts = path.split('/');
  return {
    title: `MLPerf ${round}, ${parts[parts.indexOf('systems') - 1]}: ${parts[parts.length - 1]}`,
    url: `https://github.com/mlcommons/${round.replace(' ', '_results_')}/blob/HEAD/${encodeURI(path)}.json`,
  };
}

/** Systems that several facts come from. */
export const MLPERF = {
  dgxA100of40: mlperf('training v0.7', 'NVIDIA/systems/dgxa100_ngc20.06_pytorch'),
  dgxA100of80: mlperf('training v1.0', 'NVIDIA/systems/dgxa100_ngc21.05_pytorch'),
  dgxH200: mlperf('training v4.0', 'NVIDIA/systems/h200_ngc24.04_pytorch'),
  dgxB200: mlperf('inference v5.1', 'closed/NVIDIA/systems/B200-SXM-180GBx8_TRT'),
  xe9680H100: mlperf('training v4.0', 'Dell/systems/XE9680x8H100-SXM-80GB'),
  xe9680A100: mlperf('training v3.0', 'Dell/systems/XE9680x8A100-SXM-80GB'),
  r750xaA100: mlperf('training v2.0', 'Dell/systems/R750xax4A100-PCIE-80GB'),
  tinybox: mlperf('training v4.0', 'tinycorp/systems/tinybox_green'),
} as const satisfies Readonly<Record<string, Source>>;
