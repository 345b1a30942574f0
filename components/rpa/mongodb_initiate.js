// Makes the members one replica set, once; run where the administrator's credentials are in the environment.
const { MONGO_INITDB_ROOT_USERNAME: user, MONGO_INITDB_ROOT_PASSWORD: password, MONGO_MEMBERS: members } = process.env;
db.getSiblingDB("admin").auth(user, password);
try {
  rs.status();
} catch (error) {
  if (error.codeName !== "NotYetInitialized") throw error;
  rs.initiate({ _id: "rs0", members: members.split(",").map((host, index) => ({ _id: index, host })) });
}
