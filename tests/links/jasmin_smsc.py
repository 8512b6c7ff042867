"""An SMSC of Jasmin's own SMPP packages (smpp.twisted3, smpp.pdu3), run as a process and steered by lines of JSON.

On stdin: {"deliver": {"from", "to", "octets", "coding", "esm"}}, {"status": "ESME_…"} for the submits that follow,
{"drop": true}. On stdout: {"port"}, {"submit": {…}}, {"delivered": status}, {"bound"|"gone": system_id}.
"""

import json
import sys

from smpp.pdu.operations import DeliverSM
from smpp.pdu.pdu_types import (
    AddrNpi,
    AddrTon,
    CommandStatus,
    DataCoding,
    DataCodingDefault,
    EsmClass,
    EsmClassGsmFeatures,
    EsmClassMode,
    EsmClassType,
)
from smpp.twisted.config import SMPPServerConfig
from smpp.twisted.protocol import DataHandlerResponse
from smpp.twisted.server import SMPPServerFactory
from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.credentials import IUsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.cred.portal import IRealm, Portal
from twisted.internet import reactor, stdio
from twisted.protocols.basic import LineReceiver
from zope.interface import implementer

CODINGS = {0: DataCodingDefault.SMSC_DEFAULT_ALPHABET, 3: DataCodingDefault.LATIN_1, 8: DataCodingDefault.UCS2}
TYPES = {0: EsmClassType.DEFAULT, 4: EsmClassType.SMSC_DELIVERY_RECEIPT}


def tell(**told: object) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


@implementer(IRealm)
class Realm:
    def requestAvatar(self, avatar_id, _mind, *interfaces):  # noqa: N802 - the interface's own name
        return interfaces[0], avatar_id, lambda: None


@implementer(ICredentialsChecker)
class Checker:
    credentialInterfaces = (IUsernamePassword,)  # noqa: N815 - the interface's own name

    def requestAvatarId(self, credentials):  # noqa: N802 - the interface's own name
        if (credentials.username, credentials.password) != ("shop", "secret"):
            raise UnauthorizedLogin
        return credentials.username


class Factory(SMPPServerFactory):
    def addBoundConnection(self, connection):  # noqa: N802 - the interface's own name
        super().addBoundConnection(connection)
        tell(bound=connection.system_id)

    def removeConnection(self, connection):  # noqa: N802 - the interface's own name
        super().removeConnection(connection)
        tell(gone=connection.system_id)


class Steering(LineReceiver):
    delimiter = b"\n"
    status = CommandStatus.ESME_ROK
    count = 0

    def connectionMade(self):  # noqa: N802 - the interface's own name
        systems = {"shop": {"max_bindings": 1}}
        portal = Portal(Realm(), [Checker()])
        self.factory = Factory(SMPPServerConfig(msgHandler=self.submitted, systems=systems), portal)
        port = reactor.listenTCP(0, self.factory, interface="127.0.0.1")
        tell(port=port.getHost().port)

    def submitted(self, _system_id, _smpp, pdu):
        self.count += 1
        message_id = f"jasmin-{self.count}"
        fields = pdu.params
        tell(
            submit={
                "id": message_id,
                "from": fields["source_addr"].decode(),
                "to": fields["destination_addr"].decode(),
                "octets": fields["short_message"].hex(),
                "ucs2": fields["data_coding"].schemeData == DataCodingDefault.UCS2,
                "udhi": EsmClassGsmFeatures.UDHI_INDICATOR_SET in fields["esm_class"].gsmFeatures,
                "receipt": fields["registered_delivery"].receipt.name,
            }
        )
        if self.status == CommandStatus.ESME_ROK:
            return DataHandlerResponse(self.status, message_id=message_id)
        return DataHandlerResponse(self.status)

    def lineReceived(self, line):  # noqa: N802 - the interface's own name
        asked = json.loads(line)
        bound = self.factory.getBoundConnections("shop")
        if "status" in asked:
            self.status = CommandStatus[asked["status"]]
            tell(status=asked["status"])
        elif "drop" in asked:
            next(iter(bound)).transport.abortConnection()
        else:
            self.deliver(bound.getNextBindingForDelivery(), asked["deliver"])

    def deliver(self, binding, asked):
        features = [EsmClassGsmFeatures.UDHI_INDICATOR_SET] if asked.get("esm", 0) & 0x40 else []
        pdu = DeliverSM(
            source_addr=asked["from"],
            source_addr_ton=AddrTon.INTERNATIONAL,
            source_addr_npi=AddrNpi.ISDN,
            destination_addr=asked["to"],
            esm_class=EsmClass(EsmClassMode.DEFAULT, TYPES[asked.get("esm", 0) & 4], features),
            data_coding=DataCoding(schemeData=CODINGS[asked.get("coding", 0)]),
            short_message=bytes.fromhex(asked["octets"]),
        )
        answered = binding.sendDataRequest(pdu)
        answered.addCallback(lambda result: tell(delivered=result.response.status.name))
        answered.addErrback(lambda failure: tell(delivered=failure.getErrorMessage()))

    def connectionLost(self, _reason=None):  # noqa: N802 - the interface's own name
        reactor.stop()


stdio.StandardIO(Steering())
reactor.run()
