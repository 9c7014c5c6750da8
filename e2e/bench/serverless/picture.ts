import { GIB } from "../../../server/contract/limits.ts";
import type { CapacityPoint } from "./capacity-watch.ts";

const WIDTH = 900;
const HEIGHT = 320;
const MARGIN = { left: 60, right: 20, top: 34, bottom: 34 } as const;
const TICKS = 5;
const COLORS = { capacity: "#2563eb", data: "#16a34a", shards: "#9333ea" } as const;

/** An SVG of capacity and data over time. */
export function drawCapacity(title: string, points: readonly CapacityPoint[]): string {
	const seconds = Math.max(1, ...points.map((point) => point.seconds));
	const top = Math.max(GIB / 4, ...points.map((point) => point.capacityBytes));
	const x = (value: number) =>
		MARGIN.left + (value / seconds) * (WIDTH - MARGIN.left - MARGIN.right);
	const y = (value: number) =>
		HEIGHT - MARGIN.bottom - (value / top) * (HEIGHT - MARGIN.top - MARGIN.bottom);
	const at = (px: number, py: number) => `${px.toFixed(1)},${py.toFixed(1)}`;
	const data = points
		.filter(({ usedBytes }) => usedBytes !== null)
		.map((point) => at(x(point.seconds), y(point.usedBytes ?? 0)));
	const capacity = points.flatMap((point, index) => {
		const before = points[index - 1] ?? point;
		const px = x(point.seconds);
		return [at(px, y(before.capacityBytes)), at(px, y(point.capacityBytes))];
	});
	const lines = Array.from({ length: TICKS + 1 }, (_, tick) => {
		const gib = ((top / GIB) * tick) / TICKS;
		const time = (seconds * tick) / TICKS;
		return [
			`<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${y(gib * GIB)}" y2="${y(gib * GIB)}" stroke="#8884"/>`,
			`<text x="${MARGIN.left - 8}" y="${y(gib * GIB) + 4}" text-anchor="end">${gib.toFixed(1)}</text>`,
			`<text x="${x(time)}" y="${HEIGHT - 12}" text-anchor="middle">${time.toFixed(0)} s</text>`,
		].join("");
	});
	const changes = points.filter(({ shards }, index) => shards !== points[index - 1]?.shards);
	const shards = changes.map((point, index) => {
		const px = x(point.seconds);
		// Not on top of each other, nor beyond the edge.
		const py = MARGIN.top + 14 + (index % 2) * 14;
		const anchor = px > WIDTH - 80 ? "end" : "start";
		return `<text x="${px}" y="${py}" text-anchor="${anchor}" fill="${COLORS.shards}">${point.shards} ${point.shards === 1 ? "shard" : "shards"}</text>`;
	});
	const legend = `<tspan>${title}, GiB: </tspan><tspan fill="${COLORS.capacity}">capacity (maxmemory)</tspan>, <tspan fill="${COLORS.data}">used_memory</tspan>`;
	return [
		`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" fill="#777">`,
		`<title>${title}: capacity and used_memory in GiB</title>`,
		`<text x="${MARGIN.left}" y="18" font-size="14">${legend}</text>`,
		...lines,
		`<polyline fill="none" stroke="${COLORS.capacity}" stroke-width="2" points="${capacity.join(" ")}"/>`,
		`<polyline fill="none" stroke="${COLORS.data}" stroke-width="2" points="${data.join(" ")}"/>`,
		...shards,
		"</svg>\n",
	].join("\n");
}
