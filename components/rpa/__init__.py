"""What coordinates the bots of robotic process automation."""

from components.rpa.mongodb import MongoDb, MongoDbArgs
from components.rpa.openflow import OpenFlow, OpenFlowArgs
from components.rpa.rabbitmq import RabbitMq, RabbitMqArgs

__all__ = ["MongoDb", "MongoDbArgs", "OpenFlow", "OpenFlowArgs", "RabbitMq", "RabbitMqArgs"]
