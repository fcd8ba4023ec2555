module unkey.test/clients

go 1.22

require github.com/unkeyed/sdks/api/go/v2 v2.1.0

require github.com/spyzhov/ajson v0.8.0 // indirect
