import { crd, localObjectReference, stringMap, t, tolerations } from '../../crds';

// Kernel Module Management's kinds, as AMD's operator ships them at v1.5.1: helm-charts-k8s/charts/kmm.

const GROUP = 'kmm.sigs.x-k8s.io';
const STATUS = { status: true } as const;

const registryTls = () => t.object({ insecure: t.boolean(), insecureSkipTLSVerify: t.boolean() });

const build = () =>
  t.object({
    baseImageRegistryTLS: registryTls(),
    buildArgs: t.array(t.object({ name: t.string().required(), value: t.string().required() })),
    dockerfileConfigMap: localObjectReference().required(),
    kanikoParams: t.object({ tag: t.string() }),
    secrets: t.array(localObjectReference()),
    selector: stringMap(),
  });

const sign = () =>
  t.object({
    certSecret: localObjectReference().required(),
    filesToSign: t.array(t.string()),
    keySecret: localObjectReference().required(),
    unsignedImage: t.string(),
    unsignedImageRegistryTLS: registryTls(),
  });

const modprobe = () =>
  t.object({
    args: t.object({ load: t.array(t.string(), { minItems: 1 }), unload: t.array(t.string(), { minItems: 1 }) }),
    dirName: t.string({ default: '/opt' }),
    firmwarePath: t.string(),
    moduleName: t.string(),
    modulesLoadingOrder: t.array(t.string()),
    parameters: t.array(t.string()),
    rawArgs: t.object({ load: t.array(t.string(), { minItems: 1 }), unload: t.array(t.string(), { minItems: 1 }) }),
  });

const rollout = () =>
  t.object({ availableNumber: t.int32(), desiredNumber: t.int32(), nodesMatchingSelectorNumber: t.int32() });

/** A kernel module, and the image that holds it for each kernel; AMD's operator makes one for each of its DeviceConfigs. */
export const kernelModule = crd({
  group: GROUP,
  scope: 'Namespaced',
  kind: 'Module',
  plural: 'modules',
  versions: [
    {
      name: 'v1beta1',
      storage: true,
      subresources: STATUS,
      schema: {
        spec: t.object({
          devicePlugin: t.object({
            container: t
              .object({
                args: t.array(t.string()),
                command: t.array(t.string()),
                env: t.array(t.open()),
                image: t.string().required(),
                imagePullPolicy: t.string(),
                resources: t.open(),
                volumeMounts: t.array(t.open()),
              })
              .required(),
            serviceAccountName: t.string(),
            volumes: t.array(t.open()),
          }),
          imageRepoSecret: localObjectReference(),
          moduleLoader: t
            .object({
              container: t
                .object({
                  build: build(),
                  containerImage: t.string(),
                  imagePullPolicy: t.string(),
                  inTreeModuleToRemove: t.string(),
                  inTreeModulesToRemove: t.array(t.string()),
                  kernelMappings: t
                    .array(
                      t.object({
                        build: build(),
                        containerImage: t.string().required(),
                        inTreeModuleToRemove: t.string(),
                        inTreeModulesToRemove: t.array(t.string()),
                        literal: t.string(),
                        regexp: t.string(),
                        registryTLS: registryTls(),
                        sign: sign(),
                      }),
                      { minItems: 1 },
                    )
                    .required(),
                  modprobe: modprobe().required(),
                  registryTLS: registryTls(),
                  sign: sign(),
                  version: t.string(),
                })
                .required(),
              serviceAccountName: t.string(),
            })
            .required(),
          selector: stringMap().required(),
          tolerations: tolerations(),
        }),
        status: t.object({ devicePlugin: rollout(), moduleLoader: rollout().required() }),
      },
    },
  ],
});

/** The modules that a node is to have, and has; the controller makes one for each node. */
export const nodeModulesConfig = crd({
  group: GROUP,
  scope: 'Cluster',
  kind: 'NodeModulesConfig',
  plural: 'nodemodulesconfigs',
  shortNames: ['nmc'],
  versions: [
    {
      name: 'v1beta1',
      storage: true,
      subresources: STATUS,
      schema: {
        spec: t.object({
          modules: t.array(
            t.object({
              config: t
                .object({
                  containerImage: t.string().required(),
                  imagePullPolicy: t.string({ default: 'IfNotPresent' }).required(),
                  inTreeModuleToRemove: t.string(),
                  inTreeModulesToRemove: t.array(t.string()),
                  insecurePull: t.boolean().required(),
                  kernelVersion: t.string().required(),
                  modprobe: modprobe().required(),
                })
                .required(),
              imageRepoSecret: localObjectReference(),
              name: t.string().required(),
              namespace: t.string().required(),
              serviceAccountName: t.string().required(),
              tolerations: tolerations(),
            }),
          ),
        }),
        status: t.object({
          modules: t.array(
            t.object({
              bootId: t.string(),
              config: t.object({
                containerImage: t.string().required(),
                imagePullPolicy: t.string({ default: 'IfNotPresent' }).required(),
                inTreeModuleToRemove: t.string(),
                inTreeModulesToRemove: t.array(t.string()),
                insecurePull: t.boolean().required(),
                kernelVersion: t.string().required(),
                modprobe: modprobe().required(),
              }),
              imageRepoSecret: localObjectReference(),
              lastTransitionTime: t.dateTime(),
              name: t.string().required(),
              namespace: t.string().required(),
              serviceAccountName: t.string().required(),
              tolerations: tolerations(),
            }),
          ),
        }),
      },
    },
  ],
});

/** Asks whether the modules are there for a kernel that nodes are to be upgraded to. */
export const preflightValidation = crd({
  group: GROUP,
  scope: 'Cluster',
  kind: 'PreflightValidation',
  plural: 'preflightvalidations',
  shortNames: ['pfv'],
  versions: [
    {
      name: 'v1beta1',
      deprecated: true,
      subresources: STATUS,
      schema: {
        spec: t.object({ kernelVersion: t.string().required(), pushBuiltImage: t.boolean() }).required(),
        status: t.object({
          crStatuses: t.map(
            t.object({
              lastTransitionTime: t.dateTime().required(),
              statusReason: t.string(),
              verificationStage: t.enum(['Image', 'Build', 'Sign', 'Requeued', 'Done']).required(),
              verificationStatus: t.enum(['True', 'False']).required(),
            }),
          ),
        }),
      },
    },
    {
      name: 'v1beta2',
      storage: true,
      subresources: STATUS,
      schema: {
        spec: t.object({ kernelVersion: t.string().required(), pushBuiltImage: t.boolean() }).required(),
        status: t.object({
          modules: t.array(
            t.object({
              lastTransitionTime: t.dateTime().required(),
              name: t.string().required(),
              namespace: t.string().required(),
              statusReason: t.string(),
              verificationStage: t.enum(['Image', 'Build', 'Sign', 'Requeued', 'Done']).required(),
              verificationStatus: t.enum(['True', 'False']).required(),
            }),
            { listType: 'map', keys: ['namespace', 'name'] },
          ),
        }),
      },
    },
  ],
});
