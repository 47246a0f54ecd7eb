package main

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/cache"
)

// addressed hands on the events of pods that change what a rule says: whose address there is, is another, or ends. The controller would take
// each change of a pod's phase for one, and the end of a pod that had finished long before.
func addressed(handler cache.ResourceEventHandler) cache.ResourceEventHandler {
	return cache.ResourceEventHandlerDetailedFuncs{
		AddFunc: func(object any, initial bool) {
			if pod, ok := object.(*corev1.Pod); !ok || hasAddress(pod) {
				handler.OnAdd(object, initial)
			}
		},
		UpdateFunc: func(before, after any) {
			was, ok := before.(*corev1.Pod)
			is, alike := after.(*corev1.Pod)
			if !ok || !alike || !sameToRules(was, is) {
				handler.OnUpdate(before, after)
			}
		},
		DeleteFunc: func(object any) {
			if pod, ok := object.(*corev1.Pod); !ok || hasAddress(pod) {
				handler.OnDelete(object)
			}
		},
	}
}

func hasAddress(pod *corev1.Pod) bool {
	finished := pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
	return pod.Status.PodIP != "" && !pod.Spec.HostNetwork && !finished
}

func sameToRules(was, is *corev1.Pod) bool {
	if !hasAddress(was) && !hasAddress(is) {
		return true
	}
	return hasAddress(was) == hasAddress(is) &&
		slices.Equal(was.Status.PodIPs, is.Status.PodIPs) &&
		was.Status.HostIP == is.Status.HostIP &&
		maps.Equal(was.Labels, is.Labels)
}
