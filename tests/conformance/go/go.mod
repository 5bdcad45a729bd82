module conformance

go 1.23

require github.com/0k-sync/0k-sync/bindings/go v0.0.0

replace github.com/0k-sync/0k-sync/bindings/go => ../../../bindings/go
