-- AlterTable
ALTER TABLE "Node" ADD COLUMN     "engine" TEXT,
ADD COLUMN     "engineVersion" TEXT,
ADD COLUMN     "parameterGroup" TEXT,
ADD COLUMN     "nodeType" TEXT,
ADD COLUMN     "moveToHostId" TEXT,
ADD COLUMN     "moveToZone" TEXT,
ADD COLUMN     "placedByHand" BOOLEAN NOT NULL DEFAULT false;

-- Until now, a node has been what its cache wants.
UPDATE "Node" SET
    "engine" = "Cache"."engine",
    "engineVersion" = "Cache"."engineVersion",
    "parameterGroup" = "Cache"."parameterGroup",
    "nodeType" = "Cache"."nodeType"
FROM "Cache" WHERE "Cache"."id" = "Node"."cacheId";

-- AlterTable
ALTER TABLE "Node" ALTER COLUMN "engine" SET NOT NULL,
ALTER COLUMN "engineVersion" SET NOT NULL,
ALTER COLUMN "parameterGroup" SET NOT NULL,
ALTER COLUMN "nodeType" SET NOT NULL;
