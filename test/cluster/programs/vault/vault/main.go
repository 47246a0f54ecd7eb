// Vault with the part of its plugins that it is built with by the tag `minimal`, and the one by which service accounts of Kubernetes sign in. All of
// them would need modules by the hundred.
package main

import (
	"os"
	"reflect"
	"unsafe"

	kubernetes "github.com/hashicorp/vault-plugin-auth-kubernetes"
	"github.com/hashicorp/vault/command"
	"github.com/hashicorp/vault/helper/builtinplugins"
	"github.com/hashicorp/vault/sdk/logical"
)

func main() {
	addCredentialBackend("kubernetes", kubernetes.Factory)
	os.Exit(command.Run(os.Args[1:]))
}

// The registry is made for good when the program starts, by a list in its own package.
func addCredentialBackend(name string, factory logical.Factory) {
	field := reflect.ValueOf(builtinplugins.Registry).Elem().FieldByName("credentialBackends")
	backends := reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Elem()
	backend := reflect.New(backends.Type().Elem()).Elem()
	backend.FieldByName("Factory").Set(reflect.ValueOf(factory))
	backends.SetMapIndex(reflect.ValueOf(name), backend)
}
