#pragma once
#if defined(__linux__)
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <cerrno>
#include <cohort/compiler.hpp>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace COHORT_NAMESPACE::detail {

#if defined(__x86_64__)
inline constexpr std::uint32_t own_architecture = AUDIT_ARCH_X86_64, last_old_call = 334;
#elif defined(__aarch64__)
inline constexpr std::uint32_t own_architecture = AUDIT_ARCH_AARCH64, last_old_call = 293;
#else
inline constexpr std::uint32_t own_architecture = 0, last_old_call = 0;  // the sandbox refuses to run
#endif

#if defined(__x86_64__) || defined(__aarch64__)
/// Calls that programs in the sandbox may not make: sockets, other processes' memory, mounts and namespaces, modules,
/// clocks, keys, memory that no limit sees, priorities of others, and kernel interfaces with a history of holes.
inline constexpr std::uint32_t refused_calls[] = {
    SYS_socket,
    SYS_socketpair,
    SYS_connect,
    SYS_bind,
    SYS_listen,
    SYS_accept,
    SYS_accept4,
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_kcmp,
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_unshare,
    SYS_setns,
    SYS_name_to_handle_at,
    SYS_open_by_handle_at,
    SYS_quotactl,
    SYS_swapon,
    SYS_swapoff,
    SYS_reboot,
    SYS_kexec_load,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_seccomp,
    SYS_personality,
    SYS_acct,
    SYS_syslog,
    SYS_vhangup,
    SYS_sethostname,
    SYS_setdomainname,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_adjtimex,
    SYS_clock_adjtime,
    SYS_add_key,
    SYS_request_key,
    SYS_keyctl,
    SYS_memfd_create,
    SYS_vmsplice,
    SYS_io_setup,
    SYS_io_submit,
    SYS_shmget,
    SYS_shmat,
    SYS_shmctl,
    SYS_semget,
    SYS_semctl,
    SYS_msgget,
    SYS_msgctl,
    SYS_mq_open,
    SYS_mbind,
    SYS_set_mempolicy,
    SYS_migrate_pages,
    SYS_move_pages,
    SYS_setpriority,
    SYS_ioprio_set,
    SYS_sched_setscheduler,
    SYS_sched_setparam,
    SYS_sched_setattr,
    SYS_fanotify_init,
    SYS_mlock,
    SYS_mlock2,
    SYS_mlockall,
    SYS_lookup_dcookie,
#if defined(__x86_64__)
    SYS_iopl,
    SYS_ioperm,
    SYS_modify_ldt,
    SYS_uselib,
    SYS_ustat,
    SYS_sysfs,
    SYS_kexec_file_load,
#endif
};
/// Of the calls of newer kernels those that it may: close_range, openat2, faccessat2, epoll_pwait2, futex_waitv,
/// fchmodat2. All others are answered as unknown, those of kernels to come too.
inline constexpr std::uint32_t allowed_new_calls[] = {436, 437, 439, 441, 449, 452};
#endif

/// The filter of system calls, for the kernel's machine of cBPF. A call of another architecture kills the program;
/// refused ones fail with EPERM; clone3, whose flags a filter cannot see, is unknown, upon which C libraries take
/// clone.
inline std::vector<sock_filter> call_filter() {
  std::vector<sock_filter> code;
#if defined(__x86_64__) || defined(__aarch64__)
  auto const put = [&](unsigned op, std::uint32_t k, std::uint8_t yes = 0, std::uint8_t no = 0) {
    code.push_back({std::uint16_t(op), yes, no, k});
  };
  auto const load = [&](std::size_t offset) { put(BPF_LD | BPF_W | BPF_ABS, std::uint32_t(offset)); };
  auto const give = [&](std::uint32_t what) { put(BPF_RET | BPF_K, what); };
  constexpr std::uint32_t eperm = SECCOMP_RET_ERRNO | EPERM, enosys = SECCOMP_RET_ERRNO | ENOSYS;
  constexpr std::size_t number = offsetof(seccomp_data, nr);
  // The low half of an argument, on these little-endian processors; the high one follows.
  auto const argument = [](std::size_t i) { return offsetof(seccomp_data, args) + 8 * i; };

  load(offsetof(seccomp_data, arch));
  put(BPF_JMP | BPF_JEQ | BPF_K, own_architecture, 1, 0);
  give(SECCOMP_RET_KILL_PROCESS);
  load(number);
  for (std::uint32_t call : allowed_new_calls) put(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1), give(SECCOMP_RET_ALLOW);
  put(BPF_JMP | BPF_JGT | BPF_K, last_old_call, 0, 1);  // x32's calls too
  give(enosys);
  for (std::uint32_t call : refused_calls) put(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1), give(eperm);

  // New namespaces: CLONE_NEWNS, CGROUP, UTS, IPC, USER, PID, NET.
  put(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 4);
  load(argument(0));
  put(BPF_JMP | BPF_JSET | BPF_K, 0x7e020000, 0, 1);
  give(eperm);
  give(SECCOMP_RET_ALLOW);
  // Typing into a terminal.
  put(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 5);
  load(argument(1));
  put(BPF_JMP | BPF_JEQ | BPF_K, 0x5412 /* TIOCSTI */, 1, 0);
  put(BPF_JMP | BPF_JEQ | BPF_K, 0x541c /* TIOCLINUX */, 0, 1);
  give(eperm);
  give(SECCOMP_RET_ALLOW);
  // Limits and processors of the caller alone: the sandbox's first process has its user, too.
  for (std::uint32_t call : {std::uint32_t(SYS_prlimit64), std::uint32_t(SYS_sched_setaffinity)}) {
    put(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 4);
    load(argument(0));
    put(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0);
    give(eperm);
    give(SECCOMP_RET_ALLOW);
  }
  give(SECCOMP_RET_ALLOW);
#endif
  return code;
}

}  // namespace COHORT_NAMESPACE::detail
#endif
