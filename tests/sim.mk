# Every request of the bot to a simulated forge, and every answer of the
# simulator, held to the forges' own API descriptions. After `make test`,
# which leaves the logs.
.PHONY: contract
contract:
	@tests/contract/run
