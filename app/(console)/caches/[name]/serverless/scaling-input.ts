/** As many decisions as the charts of a serverless cache mark. */
export function scalingInput(name: string) {
	return { name, limit: 100 };
}
