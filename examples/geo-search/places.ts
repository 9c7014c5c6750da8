import type { Redis } from "ioredis";

export interface Position {
	/** Degrees, -180 to 180. */
	readonly longitude: number;
	/** Degrees, -85.05112878 to 85.05112878: what the engine can index. */
	readonly latitude: number;
}

export interface Found extends Position {
	readonly name: string;
	readonly meters: number;
}

const PLACES = "places";
const MAX_LATITUDE = 85.05112878;

/** Places on a map in one geospatial index. */
export class Places {
	readonly #client: Redis;

	constructor(client: Redis) {
		this.#client = client;
	}

	/** Adds a place or moves it. It may be carried out twice without harm. */
	async put(name: string, { longitude, latitude }: Position): Promise<void> {
		await this.#client.geoadd(PLACES, longitude, latitude, name);
	}

	async remove(name: string): Promise<void> {
		await this.#client.zrem(PLACES, name);
	}

	/** The nearest places within a radius, at most `count`, the nearest first. */
	async findNear(
		{ longitude, latitude }: Position,
		radiusMeters: number,
		count: number,
	): Promise<Found[]> {
		const rows: unknown = await this.#client.call(
			...(["GEOSEARCH", PLACES, "FROMLONLAT", longitude, latitude] as const),
			...(["BYRADIUS", radiusMeters, "m", "ASC", "COUNT", count, "WITHDIST", "WITHCOORD"] as const),
		);
		if (!Array.isArray(rows)) return [];
		return rows.map(([name, meters, [east, north]]) => ({
			...{ name: String(name), meters: Number(meters) },
			...{ longitude: Number(east), latitude: Number(north) },
		}));
	}
}

export function isPosition(value: { longitude: unknown; latitude: unknown }): value is Position {
	const within = (degrees: unknown, limit: number) =>
		typeof degrees === "number" && Math.abs(degrees) <= limit;
	return within(value.longitude, 180) && within(value.latitude, MAX_LATITUDE);
}
