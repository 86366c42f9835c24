//go:build tools

// Package tools names the program that this module exists to build, with every version pinned by go.sum.
package tools

import _ "github.com/versity/versitygw/cmd/versitygw"
