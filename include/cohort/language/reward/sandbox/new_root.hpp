#pragma once
#if defined(__linux__)
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cohort/language/reward/sandbox/plan.hpp>
#include <cstdint>
#include <string_view>

namespace COHORT_NAMESPACE::detail {

/// Two paths as one, without allocating.
class joined_path {
 public:
  joined_path(std::string_view a, std::string_view b) {
    std::size_t n = 0;
    for (auto part : {a, b})
      for (char c : part)
        if (n + 1 < sizeof text_) text_[n++] = c;
    text_[n] = 0;
  }
  operator char const*() const { return text_; }

 private:
  char text_[4096];
};

enum : std::uint64_t { mount_readonly = 1, mount_nosuid = 2, mount_nodev = 4, mount_noexec = 8 };

/// Flags for a mount, and with `all` for those below it (Linux 5.12).
inline bool set_mount(char const* path, std::uint64_t flags, bool all) {
  struct {
    std::uint64_t set, clear, propagation, user_namespace;
  } attributes{flags, 0, 0, 0};
  constexpr long mount_setattr_call = 442;
  return ::syscall(mount_setattr_call, AT_FDCWD, path, all ? 0x8000 /* AT_RECURSIVE */ : 0, &attributes,
                   sizeof attributes) == 0;
}

inline bool write_all(int to, std::string_view text) {
  while (!text.empty()) {
    auto const n = ::write(to, text.data(), text.size());
    if (n <= 0) return false;
    text.remove_prefix(std::size_t(n));
  }
  return true;
}

/// Makes a root of its own for the calling process, which has a mount namespace of its own: the entries of the plan,
/// read only, and /box, a file system in memory of limited size with the plan's files. Gives the /proc of its process
/// namespace, which stands nowhere in that root.
inline int enter_new_root(sandbox_plan const& plan, must const& must) {
  unsigned long const plain = MS_NOSUID | MS_NODEV;
  must("make mounts private", ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "/");
  // A first root with the old one in it, from which all of it is within reach, what /tmp covers too; then the second.
  must("mount a tmpfs", ::mount("tmpfs", "/tmp", "tmpfs", plain, "size=64k,nr_inodes=16,mode=755") == 0, "/tmp");
  must("make a folder",
       ::mkdir("/tmp/old", 0700) == 0 && ::mkdir("/tmp/new", 0755) == 0 && ::mkdir("/tmp/proc", 0700) == 0);
  must("change the root", ::syscall(SYS_pivot_root, "/tmp", "/tmp/old") == 0 && ::chdir("/") == 0);
  must("mount a new /proc", ::mount("proc", "/proc", "proc", plain | MS_NOEXEC, nullptr) == 0);
  int const proc = ::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  must("open the new /proc", proc >= 0);
  must("mount a tmpfs", ::mount("tmpfs", "/new", "tmpfs", plain, "size=1m,nr_inodes=1k,mode=755") == 0);

  for (auto const& entry : plan.entries) {
    joined_path const path("/new", entry.path), from("/old", entry.from);
    if (entry.kind == sandbox_entry::folder) {
      must("make a folder", ::mkdir(path, 0755) == 0, path);
    } else if (entry.kind == sandbox_entry::link) {
      must("make a link", ::symlink(entry.from.c_str(), path) == 0, path);
    } else {
      if (entry.kind == sandbox_entry::mount_folder) {
        must("make a folder", ::mkdir(path, 0755) == 0, path);
      } else {
        int const file = ::open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
        must("make a file", file >= 0, path);
        ::close(file);
      }
      bool const device = entry.kind == sandbox_entry::device;
      must("mount", ::mount(from, path, nullptr, MS_BIND | MS_REC, nullptr) == 0, entry.from.c_str());
      must("make read only",
           set_mount(path, mount_readonly | mount_nosuid | (device ? mount_noexec : mount_nodev), true),
           entry.from.c_str());
    }
  }
  must("mount the folder", ::mount("tmpfs", "/new/box", "tmpfs", plain, plan.folder_options.c_str()) == 0);
  for (auto const& file : plan.files) {
    joined_path const path("/new/box/", file.name);
    int const to = ::open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, file.executable ? 0755 : 0644);
    must("make a file", to >= 0 && write_all(to, file.content) && ::close(to) == 0, path);
  }
  must("change the root", ::chdir("/new") == 0 && ::syscall(SYS_pivot_root, ".", ".") == 0);
  must("leave the old root", ::umount2(".", MNT_DETACH) == 0 && ::chdir("/") == 0);
  must("make read only", set_mount("/", mount_readonly | mount_nosuid | mount_nodev, false), "/");
  return proc;
}

}  // namespace COHORT_NAMESPACE::detail
#endif
