import { type Row } from '../dashboard';
import { DEVICE } from './series';

/** What only NVIDIA's exporter tells, folded away. */
export function nvidiaDetail(): Row {
  const onNodes = '{pool=~"$pool", node=~"$node"}';
  const series = (metric: string) => `max by (${DEVICE}) (${metric}${onNodes})`;
  return {
    title: 'NVIDIA in detail',
    collapsed: true,
    panels: [
      {
        type: 'timeseries',
        title: 'Multiprocessors active',
        unit: 'percentunit',
        min: 0,
        max: 1,
        targets: [{ expr: series('DCGM_FI_PROF_SM_ACTIVE'), legend: '{{node}}/{{gpu}} {{GPU_I_PROFILE}}' }],
      },
      {
        type: 'timeseries',
        title: 'Tensor cores active',
        unit: 'percentunit',
        min: 0,
        max: 1,
        targets: [{ expr: series('DCGM_FI_PROF_PIPE_TENSOR_ACTIVE'), legend: '{{node}}/{{gpu}} {{GPU_I_PROFILE}}' }],
      },
      {
        type: 'timeseries',
        title: 'Memory active',
        unit: 'percentunit',
        min: 0,
        max: 1,
        targets: [{ expr: series('DCGM_FI_PROF_DRAM_ACTIVE'), legend: '{{node}}/{{gpu}} {{GPU_I_PROFILE}}' }],
      },
      {
        type: 'timeseries',
        title: 'NVLink',
        width: 12,
        unit: 'Bps',
        min: 0,
        targets: [
          { expr: series('DCGM_FI_PROF_NVLINK_TX_BYTES'), legend: '{{node}}/{{gpu}} sent' },
          { expr: series('DCGM_FI_PROF_NVLINK_RX_BYTES'), legend: '{{node}}/{{gpu}} received' },
        ],
      },
      {
        type: 'timeseries',
        title: 'PCIe',
        width: 12,
        unit: 'Bps',
        min: 0,
        targets: [
          { expr: series('DCGM_FI_PROF_PCIE_TX_BYTES'), legend: '{{node}}/{{gpu}} sent' },
          { expr: series('DCGM_FI_PROF_PCIE_RX_BYTES'), legend: '{{node}}/{{gpu}} received' },
        ],
      },
      {
        type: 'table',
        title: 'Errors of each GPU',
        width: 24,
        height: 10,
        labels: { node: 'Node', gpu: 'GPU', UUID: 'UUID', modelName: 'Model' },
        values: (
          [
            ['Last Xid', 'DCGM_FI_DEV_XID_ERRORS'],
            ['Double-bit errors', 'DCGM_FI_DEV_ECC_DBE_VOL_TOTAL'],
            ['Double-bit errors, ever', 'DCGM_FI_DEV_ECC_DBE_AGG_TOTAL'],
            ['Rows replaced', 'DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS'],
            ['Row waits', 'DCGM_FI_DEV_ROW_REMAP_PENDING'],
            ['Row failed', 'DCGM_FI_DEV_ROW_REMAP_FAILURE'],
            ['PCIe replays', 'DCGM_FI_DEV_PCIE_REPLAY_COUNTER'],
          ] as const
        ).map(([title, metric]) => ({
          title,
          expr: `max by (node, gpu, UUID, modelName) (${metric}${onNodes})`,
          thresholds: [{ value: 1, color: 'red' as const }],
        })),
      },
    ],
  };
}
