/** A way into the create form, with some choices already made. */
export interface CreateAction {
	id: string;
	title: string;
	detail: string;
	keywords: string;
	/** Of /caches/create. */
	query: string;
}

const ANY_CACHE = "new add make cache elasticache in-memory database";

function ofEngine(engine: string, title: string, detail: string, keywords: string): CreateAction {
	return {
		id: `create-${engine}`,
		title,
		detail,
		keywords: `${ANY_CACHE} ${keywords}`,
		query: `engine=${engine}`,
	};
}

function ofPurpose(purpose: string, title: string, detail: string, keywords: string): CreateAction {
	return {
		id: `create-${purpose}`,
		title,
		detail,
		keywords: `${ANY_CACHE} valkey ${keywords}`,
		query: `purpose=${purpose}`,
	};
}

export const CREATE_ACTIONS: readonly CreateAction[] = [
	ofEngine(
		"valkey",
		"Create a Valkey cache",
		"Every data type, replicas, clustering",
		"redis compatible redis-compatible replication group cluster key value store",
	),
	ofEngine(
		"redis",
		"Create a Redis OSS cache",
		"For applications certified on Redis",
		"replication group cluster key value store",
	),
	ofEngine(
		"memcached",
		"Create a Memcached cache",
		"Plain key–value, auto discovery",
		"memcache key value simple object store",
	),
	{
		id: "create-serverless",
		title: "Create a serverless cache",
		detail: "A name and an engine; Larder sizes it",
		keywords: `${ANY_CACHE} valkey redis autoscaling autoscale elastic automatic unlimited grow shrink`,
		query: "kind=serverless",
	},
	ofPurpose(
		"leaderboard",
		"Create a live leaderboard",
		"Valkey, sorted sets, Multi-AZ",
		"ranking scores game sorted set zset",
	),
	ofPurpose(
		"session-store",
		"Create a session store",
		"Valkey, two replicas, Multi-AZ",
		"sessions login logins cart users",
	),
	ofPurpose(
		"message-queue",
		"Create a message queue",
		"Valkey, lists and streams, Multi-AZ",
		"queue stream pubsub publish subscribe jobs broker",
	),
	ofPurpose(
		"large-data",
		"Create a cluster for large data",
		"Valkey, cluster mode, three shards",
		"cluster mode sharded shards slots scale big",
	),
];
