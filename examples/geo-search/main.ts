import { connectCache, HttpError, serve, waitForReplicas } from "larder-examples-shared";
import { isPosition, Places } from "./places.ts";

const MAX_RADIUS_M = 1_000_000;
const client = connectCache();
const places = new Places(client);

await serve("A search for places nearby", {
	"PUT /places/:name": async ({ parameters, body }) => {
		const position = Object(body);
		if (!isPosition(position)) {
			throw new HttpError(400, 'Give {"longitude": -180 to 180, "latitude": -85 to 85}');
		}
		await places.put(parameters.name ?? "", position);
		await waitForReplicas(client);
		return { body: { name: parameters.name } };
	},
	"DELETE /places/:name": async ({ parameters }) => {
		await places.remove(parameters.name ?? "");
		await waitForReplicas(client);
		return { body: { name: parameters.name } };
	},
	"GET /near": async ({ parameters }) => {
		const { longitude, latitude, radius = 5_000, count = 10 } = parameters;
		const position = { longitude: Number(longitude), latitude: Number(latitude) };
		const isSearch = Number(radius) > 0 && Number(radius) <= MAX_RADIUS_M && Number(count) >= 1;
		if (!isPosition(position) || !isSearch) {
			throw new HttpError(400, "Give longitude and latitude, and radius (meters) if you like");
		}
		return { body: await places.findNear(position, Number(radius), Math.min(100, Number(count))) };
	},
});
