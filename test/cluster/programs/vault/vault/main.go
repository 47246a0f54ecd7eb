// Vault with the part of its plugins that it is built with by the tag `minimal`, which signs certificates, and besides the one by which service accounts
// of Kubernetes sign in and those by which users of PostgreSQL are made. All of them would need modules by the hundred.
package main

import (
	"os"
	"reflect"
	"unsafe"

	kubernetes "github.com/hashicorp/vault-plugin-auth-kubernetes"
	"github.com/hashicorp/vault/command"
	"github.com/hashicorp/vault/helper/builtinplugins"
	"github.com/hashicorp/vault/plugins/database/postgresql"
)

func main() {
	add("credentialBackends", "kubernetes", kubernetes.Factory)
	add("databasePlugins", "postgresql-database-plugin", postgresql.New)
	os.Exit(command.Run(os.Args[1:]))
}

// The registry is made for good when the program starts, by a list in its own package.
func add(kind, name string, factory any) {
	field := reflect.ValueOf(builtinplugins.Registry).Elem().FieldByName(kind)
	plugins := reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Elem()
	plugin := reflect.New(plugins.Type().Elem()).Elem()
	to := plugin.FieldByName("Factory")
	to.Set(reflect.ValueOf(factory).Convert(to.Type()))
	plugins.SetMapIndex(reflect.ValueOf(name), plugin)
}
