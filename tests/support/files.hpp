#pragma once
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cstddef>

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>

// Files of a test's own making.
namespace files {

/// A folder that is gone at the end of the test.
struct scratch {
  std::filesystem::path path;
  explicit scratch(std::string const& name = "cohort_test",
                   std::filesystem::path const& where = std::filesystem::temp_directory_path())
      : path(where / (name + "." + std::to_string(::getpid()))) {
    std::filesystem::remove_all(path);
    std::filesystem::create_directories(path);
  }
  ~scratch() { std::filesystem::remove_all(path); }
};

/// While it lives, no file grows beyond so many bytes; the system reports it as it does a full disk, by a failed write.
struct small_disk {
  rlimit before{};
  void (*handler)(int);
  explicit small_disk(rlim_t bytes) : handler(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before);
    rlimit const limit{bytes, before.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~small_disk() {
    ::setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
  }
};

inline void put(std::filesystem::path const& path, std::string const& text) {
  std::ofstream(path, std::ios::binary) << text;
}

inline std::string get(std::filesystem::path const& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct outcome_of_program {
  int status;
  std::string out, err;
};
/// Of a program run in the folder, where what it prints stands as out and err.
inline outcome_of_program run_in(scratch const& here, std::string const& program, std::string const& arguments) {
  std::string const command = "cd '" + here.path.string() + "' && '" + program + "' " + arguments + " >out 2>err";
  int const status = WEXITSTATUS(std::system(command.c_str()));
  return {status, get(here.path / "out"), get(here.path / "err")};
}

inline auto entries(std::filesystem::path const& folder) {
  return std::distance(std::filesystem::directory_iterator(folder), {});
}

/// A safetensors file: the length of a header, the header, and so many bytes of data: 0, 1, 2, ...
inline std::string safetensors(std::string const& header, std::size_t data = 0) {
  std::uint64_t const length = header.size();
  std::string file(8, '\0');
  std::memcpy(file.data(), &length, 8);
  file += header;
  for (std::size_t i = 0; i < data; ++i) file += char(i);
  return file;
}

inline std::span<std::byte const> bytes(std::string const& text) { return std::as_bytes(std::span(text)); }

}  // namespace files
