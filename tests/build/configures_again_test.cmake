# Targets that may install packages configure after that, whether or not there is a build folder.
foreach(target build test package fleet soak bench asan tsan fuzz)
  execute_process(COMMAND ${MAKE} --dry-run ${target} WORKING_DIRECTORY ${SOURCE} OUTPUT_VARIABLE said
                  COMMAND_ERROR_IS_FATAL ANY)
  if(NOT said MATCHES "scripts/install-deps[^\n]*\ncmake --preset")
    message(FATAL_ERROR "make ${target} would not configure after it has installed packages:\n${said}")
  endif()
endforeach()
