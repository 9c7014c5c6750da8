/** Numbers of PostgreSQL's advisory locks, which all users of a database share: each must be different. */
export const ADVISORY_LOCK = {
	/** One control plane has the database. */
	controlPlane: 7_220_640,
	/** One first administrator is made. */
	setUp: 7_220_641,
	/** Whether another administrator is left is decided one at a time. */
	users: 7_220_642,
} as const;
