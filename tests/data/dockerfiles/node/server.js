require("http").createServer((request, response) => {
	response.end(`node in ${process.env.NODE_ENV}\n`);
}).listen(3000);
