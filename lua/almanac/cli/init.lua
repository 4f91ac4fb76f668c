return function(arguments)
  print(require("almanac.core").version, #arguments)
  return 0
end
