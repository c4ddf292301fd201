const words = [];

require("polka")()
	.post("/words/:word", (request, response) => {
		words.push(request.params.word);
		response.end(`${words.length}\n`);
	})
	.get("/words", (request, response) => {
		response.end(`${words.join(" ")}, in ${process.env.NODE_ENV}\n`);
	})
	.listen(3000);
