module chatbench

go 1.26
