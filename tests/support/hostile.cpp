// hostile WHAT [WITH]: tries one thing that a program in the sandbox must not do, and prints "did it" or the error's
// name. It stands on the C library alone, so that it runs wherever that is.
#include <dirent.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace {

int said(bool did) {
  puts(did ? "did it" : strerrorname_np(errno));
  return 0;
}
int said_call(long result) { return said(result >= 0); }
int opened(char const* path, int how) { return said(open(path, how | O_CLOEXEC, 0644) >= 0); }

int forks(int most) {
  setsid();  // for the signal at the end
  int made = 0;
  for (; made < most; ++made) {
    int const child = fork();
    if (child == 0) pause();
    if (child < 0) break;
  }
  printf("%d %s\n", made, made < most ? strerrorname_np(errno) : "did it");
  fflush(stdout);
  signal(SIGTERM, SIG_IGN);
  return kill(0, SIGTERM);
}
void* waits(void*) {
  for (;;) pause();
}
int threads(int most) {
  pthread_attr_t small;
  pthread_attr_init(&small), pthread_attr_setstacksize(&small, 1 << 16);
  int made = 0, failed = 0;
  for (pthread_t one; made < most && (failed = pthread_create(&one, &small, waits, nullptr)) == 0;) ++made;
  printf("%d %s\n", made, made < most ? strerrorname_np(failed) : "did it");
  fflush(stdout);
  _exit(0);
}
int touch(size_t mebibytes) {
  for (size_t i = 0; i < mebibytes; ++i) {
    auto* const more =
        static_cast<char*>(mmap(nullptr, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (more == MAP_FAILED) return said(false);
    memset(more, 1, 1 << 20);
  }
  return said(true);
}
/// Each with memory of its own, or all with the first one's.
int touch_together(int processes, size_t mebibytes, int how, bool one) {
  auto const more = [&] {
    auto* const p = mmap(nullptr, mebibytes << 20, PROT_READ | PROT_WRITE, how | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) _exit(said(false));
    memset(p, 1, mebibytes << 20);
    return static_cast<char const*>(p);
  };
  char const* const first = one ? more() : nullptr;
  for (int i = 0; i < processes; ++i)
    if (fork() == 0) {
      char const* const mine = one ? first : more();
      int sum = 0;
      for (size_t at = 0; at < mebibytes << 20; at += 4096) sum += mine[at];
      usleep(200'000);
      _exit(sum == 0);
    }
  while (wait(nullptr) > 0) continue;
  return said(true);
}
int fill(size_t mebibytes) {
  static char megabyte[1 << 20];
  signal(SIGXFSZ, SIG_IGN);
  for (size_t file = 0, written = 0; written < mebibytes; ++file) {
    char name[32];
    snprintf(name, sizeof name, "fill%zu", file);
    int const to = open(name, O_WRONLY | O_CREAT, 0644);
    for (int i = 0; i < 4 && written < mebibytes; ++i, ++written)
      if (to < 0 || (write(to, megabyte, sizeof megabyte) != sizeof megabyte && write(to, megabyte, 1) != 1))
        return said(false);
    close(to);
  }
  return said(true);
}
int prints(int to, size_t mebibytes) {
  static char megabyte[1 << 20];
  memset(megabyte, 'x', sizeof megabyte);
  for (size_t i = 0; i < mebibytes; ++i)
    if (write(to, megabyte, sizeof megabyte) < 0) return 1;
  return 0;
}
int leaves_a_daemon() {
  if (fork() == 0) {
    setsid();
    if (fork() == 0) {
      for (int s = 1; s < 65; ++s) signal(s, SIG_IGN);
      usleep(200'000);
      close(open("mark", O_CREAT | O_WRONLY, 0644));
      for (int i = 0; i < 100; ++i) usleep(10'000);
    }
    _exit(0);
  }
  wait(nullptr);
  return said(true);
}
int ignores_and_loops() {
  for (int s = 1; s < 65; ++s) signal(s, SIG_IGN);
  puts("looping");
  fflush(stdout);
  for (;;) asm volatile("" ::: "memory");
}
int open_files() {
  int open = 0;
  for (int i = 3; i < 4096; ++i) open += fcntl(i, F_GETFD) >= 0;
  puts(open > 0 ? "did it" : "none");
  return 0;
}
int old_call() {
#if defined(__x86_64__)
  long result;
  asm volatile("int $0x80" : "=a"(result) : "a"(20L) : "memory");  // getpid of the 32-bit table
  return said(result > 0);
#else
  return raise(SIGSYS);
#endif
}

}  // namespace

int main(int count, char** words) {
  if (count < 2) return 2;
  char const* const with = count > 2 ? words[2] : "";
  int const number = atoi(with);
  auto const is = [&](char const* name) { return strcmp(words[1], name) == 0; };
  if (is("forks")) return forks(number);
  if (is("threads")) return threads(number);
  if (is("socket")) return said_call(socket(number, number == AF_NETLINK ? SOCK_RAW : SOCK_STREAM, 0));
  if (is("socketpair")) {
    int two[2];
    return said_call(socketpair(AF_UNIX, SOCK_STREAM, 0, two));
  }
  if (is("connects")) {
    sockaddr_in to{};
    to.sin_family = AF_INET, to.sin_port = htons(uint16_t(number)), to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int const one = socket(AF_INET, SOCK_STREAM, 0);
    return said(one >= 0 && connect(one, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0);
  }
  if (is("reads")) return opened(with, O_RDONLY);
  if (is("writes")) return opened(with, O_WRONLY | O_CREAT);
  if (is("climbs")) {
    char path[4096] = "../../../../../../../../../..";
    strncat(path, with, sizeof path - 100);
    return opened(path, O_RDONLY);
  }
  if (is("links")) return symlink(with, "way-out") < 0 ? said(false) : opened("way-out", O_RDONLY);
  if (is("removes")) return said_call(unlink(with));
  if (is("loops")) return ignores_and_loops();
  if (is("sleeps")) return int(sleep(1000));
  if (is("prints")) return prints(1, size_t(number));
  if (is("prints_errors")) return prints(2, size_t(number));
  if (is("fills")) return fill(size_t(number));
  if (is("many_files")) {
    for (int i = 0; i < number; ++i) {
      char name[32];
      snprintf(name, sizeof name, "many%d", i);
      int const one = open(name, O_WRONLY | O_CREAT, 0644);
      if (one < 0) return said(false);
      close(one);
    }
    return said(true);
  }
  if (is("big_file")) {
    signal(SIGXFSZ, SIG_IGN);
    return said_call(ftruncate(open("big", O_WRONLY | O_CREAT, 0644), ::off_t(number) << 20));
  }
  if (is("big_output")) {
    signal(SIGXFSZ, SIG_IGN);
    return ftruncate(1, ::off_t(number) << 20) < 0 ? int(write(2, strerrorname_np(errno), 5) < 0) : 0;
  }
  if (is("kills_parent")) {
    if (kill(getppid(), SIGKILL) < 0) return said(false);
    usleep(50'000);
    printf("%d\n", getppid());
    return 0;
  }
  if (is("stops_parent")) return said_call(kill(getppid(), SIGSTOP));
  if (is("kills")) return said_call(kill(number, SIGKILL));
  if (is("traces")) return said_call(ptrace(PTRACE_TRACEME, 0, nullptr, nullptr));
  if (is("reads_memory")) {
    char there[4] = "abc", here[4] = {};
    iovec const to{here, 4}, from{there, 4};
    return said_call(process_vm_readv(getpid(), &to, 1, &from, 1, 0));
  }
  if (is("unshares")) return said_call(unshare(CLONE_NEWUSER | CLONE_NEWNS));
  if (is("clones")) {
    long const child = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
    if (child == 0) _exit(0);
    return said_call(child);
  }
  if (is("clones3")) {
    unsigned long long arguments[8] = {CLONE_NEWUSER, 0, 0, 0, SIGCHLD, 0, 0, 0};
    long const child = syscall(435, arguments, sizeof arguments);
    if (child == 0) _exit(0);
    return said_call(child);
  }
  if (is("mounts")) {
    unshare(CLONE_NEWUSER | CLONE_NEWNS);
    return said_call(mount("tmpfs", "/tmp", "tmpfs", 0, nullptr));
  }
  if (is("changes_root")) {
    unshare(CLONE_NEWUSER);
    return said_call(chroot("."));
  }
  if (is("becomes_root")) return said_call(setuid(0));
  if (is("is_nosuid")) {
    struct statvfs about{};
    return said(statvfs(".", &about) == 0 && (about.f_flag & ST_NOSUID) != 0);
  }
  if (is("may_gain_rights")) {
    puts(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0 ? "did it" : "no");
    return 0;
  }
  if (is("makes_device")) return said_call(mknod("device", S_IFCHR | 0600, dev_t(1) << 8 | 1));
  if (is("touches")) return touch(size_t(number));
  if (is("touches_together")) return touch_together(8, size_t(number), MAP_PRIVATE, false);
  if (is("shares")) return touch_together(8, size_t(number), MAP_SHARED, false);
  if (is("inherits")) return touch_together(6, size_t(number), MAP_PRIVATE, true);
  if (is("memory_file")) return said_call(memfd_create("x", 0));
  if (is("shared_segment")) return said_call(syscall(SYS_shmget, 0, 4096, 01600));
  if (is("daemon")) return leaves_a_daemon();
  if (is("waits_for_mark")) {
    for (int i = 0; i < number && access("mark", F_OK) != 0; ++i) usleep(1000);
    return opened("mark", O_RDONLY);
  }
  if (is("opens_bpf")) return said_call(syscall(SYS_bpf, 0, nullptr, 0));
  if (is("opens_ring")) {
    char parameters[256] = {};
    return said_call(syscall(425, 1, parameters));
  }
  if (is("keys")) return said_call(syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 1));
  if (is("names_host")) {
    unshare(CLONE_NEWUSER | CLONE_NEWUTS);
    return said_call(sethostname("mine", 4));
  }
  if (is("limits_first")) {
    rlimit const none{0, 0};
    return said_call(prlimit(number ? number : getpid(), RLIMIT_NOFILE, &none, nullptr));
  }
  if (is("raises_limit")) {
    rlimit const more{64, RLIM_INFINITY};
    return said_call(setrlimit(RLIMIT_NPROC, &more));
  }
  if (is("types")) return said_call(ioctl(0, TIOCSTI, "x"));
  if (is("writes_input")) return said(write(0, "x", 1) == 1);
  if (is("old_call")) return old_call();
  if (is("open_files")) return open_files();
  if (is("secret")) {
    puts(getenv("COHORT_TEST_SECRET") ? "did it" : "none");
    return 0;
  }
  return 2;
}
