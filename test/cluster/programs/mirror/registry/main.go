// Command registry serves what Harbor's registry serves, by the same handlers. Upstream's own command can't be built: what it asks Let's Encrypt
// with is no longer to be had.
//
//	registry serve CONFIGURATION       in upstream's form
//	registry htpasswd USER < PASSWORD  prints a line of a file of users
package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"os"

	"github.com/docker/distribution/configuration"
	dcontext "github.com/docker/distribution/context"
	_ "github.com/docker/distribution/registry/auth/htpasswd"
	"github.com/docker/distribution/registry/handlers"
	_ "github.com/docker/distribution/registry/storage/driver/filesystem"
	"github.com/docker/distribution/version"
	gorilla "github.com/gorilla/handlers"
	"github.com/sirupsen/logrus"
	"golang.org/x/crypto/bcrypt"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: registry serve CONFIGURATION | htpasswd USER")
	}
	var err error
	switch what := os.Args[1]; what {
	case "serve":
		err = serve(os.Args[2])
	case "htpasswd":
		err = htpasswd(os.Args[2])
	default:
		err = fmt.Errorf("there is no command %q", what)
	}
	if err != nil {
		log.Fatal(err)
	}
}

func serve(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	config, err := configuration.Parse(file)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if config.Log.Level != "" {
		level, err := logrus.ParseLevel(string(config.Log.Level))
		if err != nil {
			return err
		}
		logrus.SetLevel(level)
	}
	app := handlers.NewApp(dcontext.WithVersion(dcontext.Background(), version.Version), config)
	// As upstream has it: who asked for what, in the form of Apache's combined log.
	handler := gorilla.CombinedLoggingHandler(os.Stdout, app)
	return http.ListenAndServeTLS(config.HTTP.Addr, config.HTTP.TLS.Certificate, config.HTTP.TLS.Key, handler)
}

// Each request is checked, and a costly hash would be what most of a pull's time is spent on.
func htpasswd(user string) error {
	password, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	hash, err := bcrypt.GenerateFromPassword(password, bcrypt.MinCost)
	if err != nil {
		return err
	}
	_, err = fmt.Printf("%s:%s\n", user, hash)
	return err
}
