// Package register has the one store that the platforms use; all of them take four times as long to build.
package register

import (
	_ "github.com/external-secrets/external-secrets/pkg/provider/vault"
)
