# Read by CPack for each kind of package.
if(CPACK_GENERATOR STREQUAL "DEB")
  set(CPACK_COMPONENTS_ALL program pages licences service library guest_sdk licences_dev)
  set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
  # There are files outside of the prefix, in /etc.
  set(CPACK_SET_DESTDIR ON)
  set(CPACK_INSTALL_PREFIX /usr)
  set(CPACK_STRIP_FILES OFF)  # it parts the symbols into a package of their own
else()
  set(CPACK_COMPONENTS_ALL portable pages licences)
  set(CPACK_ARCHIVE_COMPONENT_INSTALL ON)
  set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
  set(CPACK_SET_DESTDIR OFF)
  set(CPACK_INCLUDE_TOPLEVEL_DIRECTORY ON)
  set(CPACK_COMPONENT_INCLUDE_TOPLEVEL_DIRECTORY ON)
endif()
