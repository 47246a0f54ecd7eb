package main

import (
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/tools/cache"
)

// localPolicies are the policies of this node's pods. Those that no pod here is chosen by make no rule that any packet meets here, and the
// controller would write them all, at each of its rounds.
type localPolicies struct {
	cache.SharedIndexInformer
	pods cache.Indexer
	node string
}

func (l localPolicies) GetIndexer() cache.Indexer {
	return localIndexer{l.SharedIndexInformer.GetIndexer(), l}
}

type localIndexer struct {
	cache.Indexer
	of localPolicies
}

func (l localIndexer) List() []any {
	here := map[string][]labels.Set{}
	for _, object := range l.of.pods.List() {
		if pod, ok := object.(*corev1.Pod); ok && pod.Spec.NodeName == l.of.node && !pod.Spec.HostNetwork {
			here[pod.Namespace] = append(here[pod.Namespace], pod.Labels)
		}
	}
	var found []any
	for _, object := range l.Indexer.List() {
		if policy, ok := object.(*networkingv1.NetworkPolicy); ok && chooses(policy, here[policy.Namespace]) {
			found = append(found, object)
		}
	}
	return found
}

// A selector that can't be read is the controller's to complain of.
func chooses(policy *networkingv1.NetworkPolicy, pods []labels.Set) bool {
	selector, err := metav1.LabelSelectorAsSelector(&policy.Spec.PodSelector)
	if err != nil {
		return true
	}
	for _, pod := range pods {
		if selector.Matches(pod) {
			return true
		}
	}
	return false
}
