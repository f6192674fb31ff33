# A thin front for Meson: what a newcomer types. `make demo` and `make test` install what is missing first.

BUILD ?= build
NINJA_FLAGS ?=
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 60
SOAK_SECONDS ?= 3600
HOSTILE_COUNT ?= 10000

.PHONY: all build setup demo test bench fuzz soak install clean

all: build

$(BUILD)/build.ninja:
	meson setup $(BUILD)

build: $(BUILD)/build.ninja
	ninja -C $(BUILD) $(NINJA_FLAGS)

demo:
	tools/setup build
	$(MAKE) build
	tools/demo $(BUILD)

test:
	tools/setup build test
	tools/run_tests

bench:
	tools/setup build bench
	$(MAKE) build
	$(BUILD)/bench/bench_http1
	@echo
	$(BUILD)/bench/bench_generator
	@echo
	bench/bench_job $(BUILD)
	@echo
	bench/run $(BUILD)

fuzz:
	tools/setup build fuzz
	tools/fuzz $(FUZZ_SECONDS)

# Ten thousand hostile uploads, then an hour at a full queue.
soak:
	tools/setup build test
	$(MAKE) build
	HOSTILE_COUNT=$(HOSTILE_COUNT) python3 -W ignore tests/orfeasd/test_hostile.py $(BUILD)/orfeasd
	SOAK_SECONDS=$(SOAK_SECONDS) python3 tests/soak/soak.py $(BUILD)/orfeasd

install: build
	meson configure $(BUILD) -Dprefix=$(abspath $(PREFIX))
	meson install -C $(BUILD)

clean:
	rm -rf build build-asan build-tsan build-fuzz
