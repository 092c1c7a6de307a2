# Writes a source file that says which commit of SOURCE is being built, where it is a clone of a repository.
cmake_minimum_required(VERSION 3.25)
execute_process(COMMAND git -C "${SOURCE}" describe --always --dirty --abbrev=12 "--exclude=*"
  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
if(failed)
  set(commit "")
endif()
file(CONFIGURE OUTPUT "${OUT}" @ONLY CONTENT
  "namespace compare {\nextern char const commit[] = \"@commit@\";\n}  // namespace compare\n")
