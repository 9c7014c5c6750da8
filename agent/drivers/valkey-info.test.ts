import { expect, test } from "vitest";
import { countKeys, countRequests, parseInfo } from "./valkey-info.ts";

test("keys are counted over all databases", () => {
	expect(
		countKeys(parseInfo("# Keyspace\r\ndb0:keys=3,expires=0\r\ndb7:keys=2,expires=1\r\n")),
	).toBe(5);
});

test("requests are what applications send, not what keeps connections and replicas going", () => {
	const text = [
		"cmdstat_get:calls=5,usec=9,usec_per_call=1.8,rejected_calls=1,failed_calls=0",
		"cmdstat_set:calls=2,usec=9,usec_per_call=4.5,rejected_calls=0,failed_calls=0",
		"cmdstat_ping:calls=100,usec=9,usec_per_call=0.09,rejected_calls=0,failed_calls=0",
		"cmdstat_cluster|info:calls=70,usec=9,usec_per_call=0.1,rejected_calls=0,failed_calls=0",
		"cmdstat_role:calls=40,usec=9,usec_per_call=0.1,rejected_calls=0,failed_calls=0",
	].join("\r\n");
	expect(countRequests(parseInfo(text))).toBe(7);
});
