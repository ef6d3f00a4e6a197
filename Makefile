# pg_slipway: the extension (extension/, PGXS) and the client (client/, plain
# make). A PGXS makefile builds a module or a program, never both; so this one
# does not include PGXS and only calls the two.

PG_CONFIG ?= pg_config

# pg_regress: every file of sql/, in the order of the names. The extension is
# loaded into the database first, so that each file can also run alone:
# make installcheck REGRESS=acl
REGRESS = $(patsubst sql/%.sql,%,$(sort $(wildcard sql/*.sql)))
REGRESS_DB = contrib_regression_slipway
REGRESS_OPTS =

# What a recipe calls with the server's own tools; evaluated only there.
PGXS_TEST = $(dir $(shell $(PG_CONFIG) --pgxs))../test

.PHONY: all extension client install install-extension install-client \
	uninstall installcheck test bench bench-peers torture torture-credentials check-adversary check-matrix coverage fuzz \
	check-asan check-valgrind check-monitoring demo demo-stop doc check-kubernetes check-images check-upgrade check-lint \
	check-version clean help

all: extension client  ## build the extension and the client (default)

extension:
	+$(MAKE) -C extension PG_CONFIG='$(PG_CONFIG)' all

client:
	+$(MAKE) -C client all

install: install-extension install-client  ## install both (PG_CONFIG, PREFIX, DESTDIR)

install-extension: extension
	+$(MAKE) -C extension PG_CONFIG='$(PG_CONFIG)' install

install-client: client
	+$(MAKE) -C client install

uninstall:  ## remove what install has put
	+$(MAKE) -C extension PG_CONFIG='$(PG_CONFIG)' uninstall
	+$(MAKE) -C client uninstall

installcheck:  ## pg_regress on the installed extension (PGHOST, PGPORT)
ifeq ($(strip $(REGRESS)),)
	@echo "no files in sql/"
else
	'$(PGXS_TEST)/regress/pg_regress' --bindir='$(shell $(PG_CONFIG) --bindir)' \
		--inputdir=. --outputdir=. --dbname=$(REGRESS_DB) --load-extension=pg_slipway \
		$(REGRESS_OPTS) $(EXTRA_REGRESS_OPTS) $(REGRESS)
endif

test: check-version  ## everything, on servers of its own (TESTS="unit regress isolation tap", TAP="t/010_*.pl")
	@test/run

bench: check-version  ## measure slipway on a server of its own (BENCH_WORKLOADS="noop-1000", BENCH_QUICK=1)
	@test/bench/run

bench-peers: check-version  ## the same beside the migration tools of others (BENCH_TOOLS="dbmate sqitch slipway")
	@test/bench/run peers

# The suites that run the client, with the client watched.
CLIENT_TESTS = TESTS='unit tap' TAP='t/001_*.pl t/02[5-7]*.pl t/03*.pl t/04*.pl t/05[1-8]_*.pl t/10[1-3]_*.pl t/1[23]*.pl t/14[0-5]_*.pl t/18*.pl'

TORTURE_ROUNDS ?= 300
FAULT_ROUNDS ?= 25

torture: check-version  ## end client, process or server of a deploy, a rollback, an import or a rotation of secrets, a credential at random moments, TORTURE_ROUNDS times; let FAULT_ROUNDS calls of each kind in each command fail (N or all)
	@TESTS=tap TAP='t/060_torture.pl t/062_torture_rollback.pl t/132_*.pl t/134_*.pl t/142_*.pl t/18[01]_*.pl' TORTURE_ROUNDS=$(TORTURE_ROUNDS) FAULT_ROUNDS=$(FAULT_ROUNDS) test/run

CREDENTIAL_PROJECTS ?= 500

torture-credentials: check-version  ## move CREDENTIAL_PROJECTS projects to roles of their own in one batch, and end client, server and Barbican meanwhile
	@TESTS=tap TAP='t/146_*.pl' OPENSTACK=yes KILL_BARBICAN=yes CREDENTIAL_PROJECTS=$(CREDENTIAL_PROJECTS) test/run

check-asan: check-version  ## the client's tests with the address and undefined behaviour sanitizers
	@$(CLIENT_TESTS) INSTRUMENT=asan test/run

check-valgrind: check-version  ## the client's tests under valgrind
	@$(CLIENT_TESTS) INSTRUMENT=valgrind test/run

# Where kube-apiserver and its like are kept: building them takes some minutes.
KUBERNETES ?= $(if $(filter 0,$(shell id -u)),/var/cache/slipway,$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/slipway)-kubernetes

check-monitoring: check-version  ## metrics, alerts and dashboard with a real Prometheus and its exporter, which it installs
	@TESTS=tap TAP='t/090_*.pl' MONITORING=yes test/run

check-kubernetes: check-version  ## deploy/kubernetes and deploy/migrate.sh before a real API server, which it builds (KUBERNETES=FOLDER, CNPG_CRDS=FILE)
	@test/kubernetes/install '$(KUBERNETES)'
	@KUBERNETES='$(KUBERNETES)' TESTS=tap TAP='kubernetes/*.pl' test/run

check-images: check-version  ## as root: build the images of deploy/docker with podman, and run them and deploy/compose.yaml (IMAGE_TESTS="client compose")
	@test/image/run

check-upgrade: check-version  ## pg_upgrade from each server to the next (PG_CONFIGS="A B C"), and a newer library under older SQL
	@PG_CONFIGS='$(PG_CONFIGS)' test/upgrade/run

demo:  ## build, install, and migrate a sample database on a server of its own
	@demo/run

demo-stop:  ## end the server of the demo and remove its files
	@demo/run stop

check-adversary: check-version  ## hostile scripts that need a full disk, much memory, or minutes; make test has the others
	@TESTS=tap TAP='adversary/*.pl' test/run

coverage: check-version  ## which lines the tests reach, by gcov (COVERAGE_TESTS="unit regress", COVERAGE_OF=extension, COVERAGE_OUT=FOLDER)
	@PG_CONFIG='$(PG_CONFIG)' test/coverage

check-matrix: check-version  ## the tests on every server that is here, with sanitizers in extension and client, and under valgrind (see test/matrix)
	@PG_CONFIG='$(PG_CONFIG)' test/matrix

fuzz:  ## clang's fuzzer on what reads scripts, files and answers (FUZZ_SECONDS=60 or FUZZ_CPU=3600 for each, FUZZ_TARGETS="script dotenv", FUZZ_KEEP=yes)
	@test/fuzz/run

check-lint: check-version  ## clang-tidy, cppcheck and shellcheck, where installed
	@PG_CONFIG='$(PG_CONFIG)' tools/lint

doc: client  ## write the reference part of doc/client.md and the man page afresh
	@client/slipway help --man >doc/slipway.1
	@client/slipway help --markdown | awk ' \
		FNR == NR { reference = reference $$0 "\n"; next } \
		/^<!-- end -->/ { inside = 0 } \
		!inside { print } \
		/^<!-- Written by make doc/ { printf "\n%s\n", reference; inside = 1 }' - doc/client.md >doc/client.md.tmp
	@mv doc/client.md.tmp doc/client.md

check-version:
	@version=$$(sed -n "s/^default_version *= *'\(.*\)'.*/\1/p" extension/pg_slipway.control); \
	count=$$(grep -c "\"version\": \"$$version\"" META.json); \
	if [ "$$count" -ne 2 ]; then \
		echo "META.json does not say version $$version, as extension/pg_slipway.control does" >&2; exit 1; \
	fi

clean:  ## remove what was built
	+$(MAKE) -C extension PG_CONFIG='$(PG_CONFIG)' clean
	+$(MAKE) -C client clean
	+if [ -f test/unit/Makefile ]; then $(MAKE) -C test/unit clean; fi
	+$(MAKE) -C test/bench/src clean
	rm -rf results regression.diffs regression.out

help:  ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## */\1|/p' Makefile | awk -F'|' '{ printf "  make %-14s %s\n", $$1, $$2 }'
