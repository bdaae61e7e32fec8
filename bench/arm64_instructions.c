/* SPDX-License-Identifier: MIT
 * A plugin of QEMU's that counts what an arm64 program executes, for bench/arm64-estimate:
 *   qemu-aarch64 -plugin ./arm64_instructions.so -d plugin PROGRAM...
 * One line at the end: instructions, of these vector (Advanced SIMD and scalar floating point), of
 * these multiply-adds of four floats; loads; stores. Threads are counted together, one at a time
 * only. */
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Of QEMU's plugin interface, version 1, what is called. */
struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef uint64_t plugin_id;
enum operation { kAdd = 0 };
extern void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id,
                                                  void (*)(plugin_id, struct qemu_plugin_tb*));
extern void qemu_plugin_register_atexit_cb(plugin_id, void (*)(plugin_id, void*), void*);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb*);
extern struct qemu_plugin_insn* qemu_plugin_tb_get_insn(const struct qemu_plugin_tb*, size_t);
extern const void* qemu_plugin_insn_data(const struct qemu_plugin_insn*);
extern void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn*, enum operation,
                                                       void*, uint64_t);
extern void qemu_plugin_outs(const char*);

#define EXPORTED __attribute__((visibility("default")))
EXPORTED int qemu_plugin_version = 1;
EXPORTED int qemu_plugin_install(plugin_id id, const void* info, int argc, char** argv);

static uint64_t all, vector, multiply_adds, loads, stores;

/* By the encoding index of the Arm architecture's A64 instruction set. */
static int is_vector(uint32_t code) { return (code & 0x0e000000) == 0x0e000000; }
static int is_memory(uint32_t code) { return (code & 0x0a000000) == 0x08000000; }
static int is_load(uint32_t code) {
  const int literal = (code & 0x3b000000) == 0x18000000;
  return literal || (code & 0x00400000) != 0;
}
static int is_multiply_add(uint32_t code) { /* FMLA, FMLS of .4s: by vector, by element */
  return (code & 0xffe0fc00) == 0x4e20cc00 || (code & 0xffe0fc00) == 0x4ea0cc00 ||
         (code & 0xffc0f400) == 0x4f801000 || (code & 0xffc0f400) == 0x4f805000;
}

static void count(struct qemu_plugin_insn* instruction, uint64_t* counter) {
  qemu_plugin_register_vcpu_insn_exec_inline(instruction, kAdd, counter, 1);
}

static void translated(plugin_id id, struct qemu_plugin_tb* block) {
  size_t i;
  (void)id;
  for (i = 0; i < qemu_plugin_tb_n_insns(block); ++i) {
    struct qemu_plugin_insn* instruction = qemu_plugin_tb_get_insn(block, i);
    uint32_t code;
    memcpy(&code, qemu_plugin_insn_data(instruction), sizeof code);
    count(instruction, &all);
    if (is_vector(code)) count(instruction, &vector);
    if (is_multiply_add(code)) count(instruction, &multiply_adds);
    if (is_memory(code)) count(instruction, is_load(code) ? &loads : &stores);
  }
}

static void finished(plugin_id id, void* data) {
  char line[200];
  (void)id;
  (void)data;
  snprintf(line, sizeof line,
           "%" PRIu64 " instructions, %" PRIu64 " vector, %" PRIu64 " multiply-adds, %" PRIu64
           " loads, %" PRIu64 " stores\n",
           all, vector, multiply_adds, loads, stores);
  qemu_plugin_outs(line);
}

int qemu_plugin_install(plugin_id id, const void* info, int argc, char** argv) {
  (void)info;
  (void)argc;
  (void)argv;
  qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
  qemu_plugin_register_atexit_cb(id, finished, NULL);
  return 0;
}
