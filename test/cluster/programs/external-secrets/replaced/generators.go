// Package register has no generators of secrets.
package register
