import { address, GO_SET_AND_GET, lines, literal, type Snippet } from "./snippet-text.ts";

/**
 * The client with auto discovery is Google's fork, which still names itself by the path of the original: without the
 * replacement, `go get` refuses it.
 */
const INSTALL_GO = lines(
	"go mod edit -replace github.com/bradfitz/gomemcache=github.com/google/gomemcache@v0.0.0-20200326162346-94281991662a",
	"go get github.com/bradfitz/gomemcache/memcache",
);

/** Memcached's clients: those with auto discovery ask the configuration endpoint, the others are given all nodes. */
export const MEMCACHED_SNIPPETS: readonly Snippet[] = [
	{
		id: "discovery",
		label: "Shell",
		install: null,
		code: ({ endpoint }) =>
			lines(
				"# List the nodes through auto discovery:",
				String.raw`printf 'config get cluster\r\nquit\r\n' | nc ${endpoint.host} ${endpoint.port}`,
			),
	},
	{
		id: "memjs",
		label: "Node.js",
		install: "npm install memjs",
		code: ({ nodes }) =>
			lines(
				`import memjs from "memjs";`,
				"",
				"// memjs has no auto discovery: list every node.",
				"const cache = memjs.Client.create(",
				`  ${literal(nodes.map(address).join(","))},`,
				");",
				"",
				`await cache.set("greeting", "hello", { expires: 600 });`,
				`const { value } = await cache.get("greeting");`,
				"console.log(value.toString());",
			),
	},
	{
		id: "pymemcache",
		label: "Python",
		install: "pip install pymemcache",
		code: ({ endpoint }) =>
			lines(
				"from pymemcache.client.ext.aws_ec_client import AWSElastiCacheHashClient",
				"",
				"# Finds the nodes by auto discovery.",
				`cache = AWSElastiCacheHashClient(${literal(address(endpoint))})`,
				"",
				`cache.set("greeting", "hello", expire=600)`,
				`print(cache.get("greeting"))`,
			),
	},
	{
		id: "gomemcache",
		label: "Go",
		install: INSTALL_GO,
		code: ({ endpoint }) =>
			lines(
				"package main",
				"",
				"import (",
				'\t"fmt"',
				'\t"time"',
				"",
				'\t"github.com/bradfitz/gomemcache/memcache"',
				")",
				"",
				"func main() {",
				"\t// Finds the nodes by auto discovery, and looks again every 30 s.",
				`\tcache, err := memcache.NewDiscoveryClient(${literal(address(endpoint))}, 30*time.Second)`,
				"\tif err != nil {",
				"\t\tpanic(err)",
				"\t}",
				...GO_SET_AND_GET,
				"}",
			),
	},
	{
		id: "elasticache-java",
		label: "Java",
		install: "com.amazonaws:elasticache-java-cluster-client",
		code: ({ endpoint }) =>
			lines(
				"import java.net.InetSocketAddress;",
				"import java.util.List;",
				"import net.spy.memcached.*;",
				"",
				"// Dynamic: finds the nodes by auto discovery.",
				"var factory = new ConnectionFactoryBuilder()",
				"    .setClientMode(ClientMode.Dynamic)",
				"    .build();",
				`var start = new InetSocketAddress(${literal(endpoint.host)}, ${endpoint.port});`,
				"var cache = new MemcachedClient(factory, List.of(start));",
				'cache.set("greeting", 600, "hello");',
				'System.out.println(cache.get("greeting"));',
			),
	},
];
